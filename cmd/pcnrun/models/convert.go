package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/pcn/internal/atomicfile"
	"example.com/pcn/internal/cli"
	"example.com/pcn/model"
	"example.com/pcn/model/onnx"
	"example.com/pcn/train"
	"example.com/pcn/train/trained"
)

// exportExtensions are those of the files that 'pcnrun export' writes.
var exportExtensions = append(slices.Clone(cli.ModelExtensions), onnxExtension)

const onnxExtension = ".onnx"

// namesHelp says how tensors are named.
const namesHelp = `The arrays have the names of the tensors in a safetensors file, which are
PyTorch's: layers.0.W.weight (d_0, d_1) and layers.0.W.bias (d_0) at the bottom,
and so on upwards. Beside them an array of bytes, pcn.config, holds the
configuration as JSON, and others the recipe and the scale of the inputs:

  f = numpy.load("model.npz")
  f["layers.0.W.weight"]; json.loads(bytes(f["pcn.config"]))`

// Export is the command export.
func Export(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "export MODEL --to FILE",
		Short: "Write a model for NumPy (NPZ), PyTorch (safetensors) or onnxruntime (ONNX)",
		Long: `Write a model to an NPZ, safetensors or ONNX file, by the name's extension.

In an NPZ or safetensors file no number changes, and 'pcnrun import' makes the same
model of it again. ` + namesHelp + `

An ONNX file has the pass that predict takes, or generate, of a generative network,
for other programs to run. Its input and output have the names of the network's
nodes, mostly input and target, and are batches of float32 in their own units, as
predict has them: what scaled the inputs in training is in the file. A node of shape
(H, W, C) is (N, C, H, W), and one of (L, C) is (N, C, L): channels first. All others
are (N, d). The file's metadata have the names of classes and columns, and the shape
of images, as JSON. A network that predicts by settling has no such pass, and is
refused.

  s = onnxruntime.InferenceSession("model.onnx")
  s.run(None, {"input": rows.astype("float32")})`,
		Example: `  pcnrun export runs/digits/model.safetensors --to digits.npz
  pcnrun export runs/digits/model.safetensors --to digits.onnx`,
		Args: cli.Args(1, 1),
	}
	to := c.Flags().String("to", "", "`FILE` to write: "+strings.Join(exportExtensions, " or "))
	force := c.Flags().Bool("force", false, "overwrite the file")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := freeModelFile("to", *to, exportExtensions, *force); err != nil {
			return err
		}
		described, err := model.Described(args[0])
		if err != nil {
			return err
		}
		if !described {
			return fmt.Errorf("%s: does not say its direction and activations; make a model of it with 'pcnrun import'", args[0])
		}
		n, err := model.Load(args[0], model.Config{})
		if err != nil {
			return err
		}
		if extension(*to) == onnxExtension {
			return saveONNX(a, n, args[0], *to, *json)
		}
		return saveModel(a, n, *to, *json)
	}
	return c
}

// Import is the command import.
func Import(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "import FILE --out MODEL",
		Short: "Make a model of arrays from NumPy or tensors from PyTorch",
		Long: `Make a model of an NPZ or safetensors file: one that 'pcnrun export' wrote, or one
from elsewhere, of which --direction and --activation must say what it does not.

` + namesHelp + `

In a file from elsewhere the layers may also be W0 (in, out) and b0 (out), W1, b1
and so on in the order of computation, x W0 + b0 first: from data to label in the
discriminative direction, the other way round in the generative one. The top
activation is then φ of x itself.

With --dataset the model also says what it learned from and how inputs are scaled,
so that eval and predict need no more flags. Pixels are in [0, 1] where neither
--pixels nor --recipe says otherwise.

Layers of any names, as of a PyTorch module's state dict, go into the network that
--config or --network says. Weights are matched by their shapes; several of one
shape, whose names differ in numbers alone such as 0.weight and 2.weight, in the
order of these, from data to label. A bias is beside its weight, such as 0.bias;
without one it is 0. Where that leaves open which is which, --names is a YAML file
with a line for each parameter, such as

  hidden2.hidden1.weight: features.3.weight

Each match is printed. Between convolutions and dense layers units are put from
PyTorch's order, channels first, into that of pcn, channels last.`,
		Example: `  pcnrun import digits.npz --out digits.safetensors
  pcnrun import mlp.npz --direction discriminative --activation relu --out mlp.safetensors
  pcnrun import mlp.npz --direction discriminative --activation relu --dataset mnist --pixels -1,1 --out mlp.safetensors
  pcnrun import pc.safetensors --direction generative --activation tanh --top-activation tanh --out pc.safetensors
  pcnrun import lenet.safetensors --dataset mnist --network lenet --out lenet-pc.safetensors
  pcnrun import net.safetensors --config run.yaml --names names.yaml --out net-pc.safetensors`,
		Args: cli.Args(1, 1),
	}
	f := cli.AddModelFlags(c.Flags(), "the file's, else identity of the top", "data", "pixels", "network")
	config := c.Flags().String("config", "", "`FILE` of settings, of a network that is to have the file's layers: see 'pcnrun config'")
	names := c.Flags().String("names", "", "`FILE` that says which of the file's tensors a parameter is made from")
	out := c.Flags().String("out", "", "model `FILE` to write: "+strings.Join(cli.ModelExtensions, " or "))
	force := c.Flags().Bool("force", false, "overwrite the file")
	json := cli.JSONFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := freeModelFile("out", *out, cli.ModelExtensions, *force); err != nil {
			return err
		}
		var n *model.Network
		var err error
		switch adopts := *config != "" || c.Flags().Changed("network"); {
		case adopts:
			n, err = adopt(a, f, args[0], *config, *names)
		case *names != "":
			err = cli.Usagef("--names: is for layers that go into a network: give --config or --network")
		default:
			if n, err = read(a, f, args[0]); errors.Is(err, model.ErrMissing) {
				err = fmt.Errorf("%w: layers of other names go into the network that --config or --network says", err)
			}
		}
		if err != nil {
			return err
		}
		return saveModel(a, n, *out, *json)
	}
	return c
}

// read makes a model of a file, of which the flags say what it does not.
func read(a *cli.App, f *cli.ModelFlags, path string) (*model.Network, error) {
	described, err := model.Described(path)
	if err != nil {
		return nil, err
	}
	if !described {
		for _, name := range []string{"direction", "activation"} {
			if !f.Flags.Changed(name) {
				return nil, cli.Usagef("%s does not say its %s: give --%[2]s", path, name)
			}
		}
		if !f.Flags.Changed("top-activation") {
			if err := f.Flags.Set("top-activation", "identity"); err != nil {
				return nil, err
			}
		}
	}
	f.Plain = true
	t, err := f.Open(path, false)
	if err != nil {
		return nil, err
	}
	if f.Dataset == "" {
		return t.Network, nil
	}
	sets, err := a.Load(t)
	if err != nil {
		return nil, err
	}
	return t.Network, trained.Describe(t.Network, t.Recipe, sets, sets.Fingerprints())
}

// freeModelFile checks the name of a file to write a model to.
func freeModelFile(flag, path string, extensions []string, force bool) error {
	if path == "" {
		return cli.Usagef("--%s: must be a file that ends in %s, got none", flag, strings.Join(extensions, " or "))
	}
	if !slices.Contains(extensions, extension(path)) {
		return cli.Usagef("--%s: must be a file that ends in %s, got %q", flag, strings.Join(extensions, " or "), path)
	}
	switch _, err := os.Stat(path); {
	case err == nil && !force:
		return cli.Usagef("--%s %s: is there already; give --force to overwrite it", flag, path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// extension returns that of a file's name.
func extension(path string) string { return strings.ToLower(filepath.Ext(path)) }

// saveModel writes n and says so.
func saveModel(a *cli.App, n *model.Network, path string, json bool) error {
	if err := n.Save(path); err != nil {
		return err
	}
	return saved(a, n, path, "", json)
}

// saveONNX writes what n infers, n being of the model file at from, and says so.
func saveONNX(a *cli.App, n *model.Network, from, path string, json bool) error {
	t, err := trained.New(from, n, train.Recipe{})
	if err != nil {
		return err
	}
	input, output, err := onnx.Ends(n)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if err := atomicfile.Write(path, t.WriteONNX); err != nil {
		return err
	}
	if n.Config().Dtype == model.Float64 {
		a.Note("%s is of float64, and %s is of float32", from, path)
	}
	return saved(a, n, path, fmt.Sprintf("from %s to %s, ", n.Nodes()[input], n.Nodes()[output]), json)
}

// saved says that n, or what of it, is in a file.
func saved(a *cli.App, n *model.Network, path, what string, json bool) error {
	if json {
		return cli.PrintJSON(a.Stdout, map[string]any{"model": path, "network": n.Config()})
	}
	_, err := fmt.Fprintf(a.Stdout, "wrote %s: %s%v\n", path, what, n)
	return err
}
