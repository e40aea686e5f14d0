package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"millrace/internal/slt"
)

func sltCommand() *cobra.Command {
	var opts slt.Options
	var protocol string
	cmd := &cobra.Command{
		Use:   "slt --url postgres://... FILES | FOLDERS",
		Short: "Run sqllogictest files against a server",
		Long: `Run sqllogictest files against Millrace, PostgreSQL or another server that speaks its protocol.

With --record the results in the files are replaced by the server's answers.`,
		Example: "  millrace slt --url postgres://millrace@127.0.0.1:7432/millrace my_suite.slt",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			opts.Protocol = slt.Protocol(protocol)
			files, err := slt.Files(files...)
			if err != nil {
				return err
			}
			res, err := slt.Run(cmd.Context(), opts, files, cmd.OutOrStdout())
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
	cmd.Flags().StringVar(&opts.URL, "url", "", "connection string of the server")
	cmd.Flags().StringVar(&opts.Engine, "engine", "millrace", "label for onlyif and skipif: millrace or postgresql")
	cmd.Flags().StringVar(&protocol, "protocol", "simple", "simple or extended")
	cmd.Flags().BoolVar(&opts.Record, "record", false, "write the server's answers into the files")
	cmd.Flags().BoolVar(&opts.AsViews, "as-views", false, "also keep each query as a view, made before the data comes, and compare")
	cmd.Flags().DurationVar(&opts.Timeout, "timeout", 0, "time that one record may take (default 60s)")
	_ = cmd.MarkFlagRequired("url")
	return cmd
}
