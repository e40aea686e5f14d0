package oracle

import "syscall"

// childAttr makes the kernel send sig to the child when the thread that starts it ends. See [spawn] for
// why that thread must be kept.
func childAttr(cred *syscall.Credential, sig syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: cred, Setpgid: true, Pdeathsig: sig}
}
