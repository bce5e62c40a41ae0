package tools

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/cli"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

// Completion is the command completion.
func Completion(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Write a script with which a shell completes pcnrun's commands",
		Long: `Write a script with which a shell completes commands, flags, and what they take:
datasets, recipes, methods, activations and so on by name, and models and runs as
they are in runs and in the folder at hand.`,
		Example: `  source <(pcnrun completion bash)
  pcnrun completion bash > ~/.local/share/bash-completion/completions/pcnrun
  pcnrun completion zsh > "${fpath[1]}/_pcnrun"
  pcnrun completion fish > ~/.config/fish/completions/pcnrun.fish
  pcnrun completion powershell | Out-String | Invoke-Expression`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return fmt.Errorf("shell: must be one of %s, got %q", strings.Join(shells, ", "), strings.Join(args, " "))
			}
			return nil
		},
		ValidArgs: shells,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		root := c.Root()
		switch args[0] {
		case "bash":
			return root.GenBashCompletionV2(a.Stdout, true)
		case "zsh":
			return root.GenZshCompletion(a.Stdout)
		case "fish":
			return root.GenFishCompletion(a.Stdout, true)
		}
		return root.GenPowerShellCompletionWithDesc(a.Stdout)
	}
	return c
}
