package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"millrace/server"
)

func main() {
	root := &cobra.Command{
		Use:           "millrace",
		Short:         "Millrace is a streaming SQL database that speaks the PostgreSQL protocol.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(), demoCommand(), sltCommand(), testCommand(), &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), "millrace", server.Version) },
	})
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "millrace:", err)
		os.Exit(1)
	}
}
