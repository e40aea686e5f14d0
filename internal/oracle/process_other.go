//go:build unix && !linux

package oracle

import "syscall"

// childAttr has no parent-death signal to ask for outside Linux; the watchdog alone ends the server there.
func childAttr(cred *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: cred, Setpgid: true}
}
