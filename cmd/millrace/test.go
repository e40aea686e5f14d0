package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"millrace/cmd/millrace/scenario"
	"millrace/internal/slt"
)

func testCommand() *cobra.Command {
	var opts slt.Options
	var protocol string
	cmd := &cobra.Command{
		Use:   "test FILES | FOLDERS",
		Short: "Test views with a clock that moves as the test says",
		Long: `Run .slt files, each on a server of its own in memory whose clock moves only as the file says, so that nothing waits.

A file sets the clock (clock '2026-01-01 00:00:00'), lets time pass (advance by '1 hour', advance to '...'), and
besides statements and queries compares the changes of a view (changes NAME) and its state (state NAME). The page
docs/howto/testing-views.md has an example. The exit code is 1 if a record failed.`,
		Example: "  millrace test tests/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			opts.Protocol = slt.Protocol(protocol)
			files, err := slt.Files(files...)
			if err != nil {
				return err
			}
			res, err := scenario.Run(cmd.Context(), opts, files, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), res)
			if len(res.Failures) > 0 {
				return fmt.Errorf("%d records failed", len(res.Failures))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&protocol, "protocol", "simple", "simple or extended")
	cmd.Flags().BoolVar(&opts.Record, "record", false, "write the server's answers into the files")
	cmd.Flags().DurationVar(&opts.Timeout, "timeout", 0, "time that one record may take (default 60s)")
	return cmd
}
