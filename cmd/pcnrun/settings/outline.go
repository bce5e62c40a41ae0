package settings

import (
	"fmt"
	"text/tabwriter"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/shape"
	"example.com/pcn/model"
)

// printOutline prints a network as a table, or its lines as one JSON object.
func printOutline(a *cli.App, c model.Config, json bool) error {
	lines, err := c.Outline()
	if err != nil {
		return err
	}
	parameters, multiplyAdds := 0, 0
	for _, l := range lines {
		parameters += l.Parameters
		multiplyAdds += l.MultiplyAdds
	}
	if json {
		return cli.PrintJSON(a.Stdout, map[string]any{"network": c, "lines": lines, "parameters": parameters, "multiply_adds": multiplyAdds})
	}
	t := tabwriter.NewWriter(a.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "%v\n\n", c)
	fmt.Fprintln(t, "node\tshape\tfrom\tby\tparameters\tmultiply-adds a step")
	for _, l := range lines {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\n", l.Node, shape.Text(l.Shape), l.From, l.By, l.Parameters, l.MultiplyAdds)
	}
	fmt.Fprintf(t, "\t\t\t\t%d\t%d\n", parameters, multiplyAdds)
	return t.Flush()
}
