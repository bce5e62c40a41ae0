package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/pcn/graph/feature"
	"example.com/pcn/internal/gemm"
	"example.com/pcn/internal/quoted"
	"example.com/pcn/model"
	"example.com/pcn/train"
	"example.com/pcn/train/data"
	"example.com/pcn/train/data/fetch"
	"example.com/pcn/train/reproduce"
	"example.com/pcn/train/run"
)

// completer offers what a word that has been begun may become.
type completer = cobra.CompletionFunc

// flagWords are what flags that are no settings take, on whichever command they are.
var flagWords = map[string]completer{
	"dataset":       words(train.Datasets...),
	"recipe":        words("default", train.ArticleRecipe),
	"bottom-energy": words(model.NodeEnergies()...),
	"by":            words(model.BySettling.String(), model.ByEnergy.String()),
	"format":        words(data.Formats...),
	"between":       classes,
	"mask":          orFiles("top", "bottom", "left", "right", "random:0.5"),
	"gemm":          orFiles(append([]string{"auto"}, gemm.Kernels()...)...),
	"resume":        runFolders,
	"config":        files("yaml", "yml"),
	"names":         files("yaml", "yml"),
	"to":            modelFiles,
}

// settingWords is what the flag of a setting takes.
func settingWords(s *setting) completer {
	switch {
	case s.Flag == "data":
		return folders
	case s.Flag == "energies":
		return listOf(s.Words)
	case s.Flag == "top-activation":
		return words(feature.Activations()...)
	case s.Flag == "augment":
		return words(data.Augmentation{}.String(), "flip", "shift=2", "crop=4", "noise=0.1")
	case s.Words != nil:
		return words(s.Words...)
	}
	return nil
}

// argumentWords are what arguments take, by command and from the first on; the last
// stands for all that follow.
var argumentWords = map[string][]completer{
	"train":      {orFiles(train.Datasets...), nothing},
	"compare":    {orFiles(train.Datasets...), nothing},
	"runs":       {folders, nothing},
	"report":     {runFolders},
	"sweep":      {folders, nothing},
	"reproduce":  {orFiles(reproduce.Names()...), nothing},
	"eval":       {modelFiles, nothing},
	"predict":    {modelFiles, anyFile, nothing},
	"classify":   {modelFiles, anyFile, nothing},
	"generate":   {modelFiles, anyFile, nothing},
	"complete":   {modelFiles, nothing},
	"play":       {modelFiles, nothing},
	"inspect":    {modelFiles, nothing},
	"export":     {modelFiles, nothing},
	"import":     {modelFiles, nothing},
	"bench":      {nothing},
	"version":    {nothing},
	"man":        {folders, nothing},
	"data list":  {nothing},
	"data get":   {words(Downloads()...), nothing},
	"data check": {words(Downloads()...), nothing},
	"data show":  {orFiles(train.Datasets...), nothing},

	"config init":  {words(train.Datasets...), nothing},
	"config check": {files("yaml", "yml")},
	"config show":  {orFiles(train.Datasets...), nothing},
}

// addCompletions gives c and the commands below it what flagWords and argumentWords
// say.
func addCompletions(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		of := flagWords[f.Name]
		if s, ok := f.Value.(*setting); ok {
			of = settingWords(s)
		}
		if f.Name == "label" && c.Name() == "generate" { // of other commands it is a column
			of = classes
		}
		if of != nil {
			if err := c.RegisterFlagCompletionFunc(f.Name, of); err != nil {
				panic(err) // a flag has one already
			}
		}
	})
	if of := argumentWords[strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")]; of != nil {
		c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			return of[min(len(args), len(of)-1)](c, args, begun)
		}
	}
	for _, child := range c.Commands() {
		addCompletions(child)
	}
}

// Downloads are the names of the datasets that are downloaded.
func Downloads() (names []string) {
	for _, s := range fetch.Sets {
		if len(s.Files) > 0 {
			names = append(names, s.Name)
		}
	}
	return names
}

// words offers words.
func words(all ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// listOf offers words between commas.
func listOf(all []string) completer {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		before := ""
		for i, c := range begun {
			if c == ',' && strings.Count(begun[:i], `"`)%2 == 0 { // and not in quotes
				before = begun[:i+1]
			}
		}
		var lists []string
		for _, word := range all {
			lists = append(lists, before+word)
		}
		return lists, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// classes offers the classes of the model that the first argument names.
func classes(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	t, err := AddModelFlags(pflag.NewFlagSet("", pflag.ContinueOnError), Foreign).Open(args[0], false)
	if err != nil || !t.Classifies() {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var fields []string
	for _, name := range t.ClassNames() {
		fields = append(fields, quoted.CSV(name))
	}
	return listOf(fields)(c, args, begun)
}

// orFiles offers words, and files where none of them begins so.
func orFiles(all ...string) completer {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return all, cobra.ShellCompDirectiveDefault
	}
}

func nothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func anyFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// files offers files of some extensions.
func files(extensions ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// modelFiles offers the models of the runs in the folder runs and those in the
// folder at hand, or else files of a model's extensions. A checkpoint is none.
func modelFiles(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, extension := range ModelExtensions {
		for _, pattern := range []string{"*", filepath.Join("runs", "*", "*"), filepath.Join("runs", "*", "*", "*")} {
			paths, _ := filepath.Glob(pattern + extension) // the pattern is well formed
			found = append(found, paths...)
		}
	}
	found = slices.DeleteFunc(found, func(path string) bool {
		return filepath.Base(path) == run.CheckpointFile || !strings.HasPrefix(path, begun)
	})
	if len(found) > 0 {
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	var extensions []string
	for _, extension := range ModelExtensions {
		extensions = append(extensions, strings.TrimPrefix(extension, "."))
	}
	return extensions, cobra.ShellCompDirectiveFilterFileExt
}

// runFolders offers the folders of the runs in the folder runs, or else any.
func runFolders(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, pattern := range []string{"*", filepath.Join("runs", "*"), filepath.Join("runs", "*", "*")} {
		records, _ := filepath.Glob(filepath.Join(pattern, run.RecordFile)) // the pattern is well formed
		for _, record := range records {
			if dir := filepath.Dir(record); strings.HasPrefix(dir, begun) && !slices.Contains(args, dir) {
				found = append(found, dir)
			}
		}
	}
	if len(found) > 0 {
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}
