package oracle

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
)

// process is a started child and the end of its life.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the child has been reaped
	err    error         // its exit status; read only after exited is closed
}

// spawn starts cmd from a thread of its own and keeps that thread until the child has ended. The kernel's
// parent-death signal follows the thread, not the process: without the lock, Go may retire the thread and the
// server would be killed in the middle of a test.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// watchdogScript waits for the end of its standard input, which comes when the test process closes the pipe or dies,
// and then stops the server and removes the folder. It runs as the server's user, so it can harm nothing
// else, and pg_ctl finds the server by the folder's own pid file.
const watchdogScript = `
read -r _ || :
[ -f "$2/data/postmaster.pid" ] && "$1/pg_ctl" stop -D "$2/data" -m immediate -t 30 >/dev/null 2>&1
rm -rf -- "$2"
`

// watchdog removes a server that its test process could not.
type watchdog struct {
	pipe io.Closer
	proc *process
}

func startWatchdog(bin, dir string, cred *syscall.Credential) (*watchdog, error) {
	cmd := exec.Command("/bin/sh", "-c", watchdogScript, "sh", bin, dir)
	cmd.Dir = "/"
	// A session of its own: an interrupt typed at the terminal must reach the test, not its watchdog. Output goes
	// to /dev/null, since go test waits for whoever holds its standard output.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setsid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("oracle: watchdog pipe: %w", err)
	}
	proc, err := spawn(cmd)
	if err != nil {
		return nil, fmt.Errorf("oracle: watchdog: %w", err)
	}
	return &watchdog{pipe: pipe, proc: proc}, nil
}

// fire lets the watchdog do its work and waits for it.
func (w *watchdog) fire() error {
	if err := w.pipe.Close(); err != nil {
		return err
	}
	<-w.proc.exited
	return w.proc.err
}
