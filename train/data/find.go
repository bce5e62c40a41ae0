package data

import (
	"os"
	"path/filepath"
	"slices"
)

// Find returns the folder of a data set by its name: "cifar10" or "cifar100", to be
// read by [CIFAR10] or [CIFAR100], or another, such as "mnist" or "fashion-mnist", to be
// read by [IDX]. It is the first that has all files of the format of
//   - name under the folder that the environment variable PCN_DATA names,
//   - data/name under the working directory,
//   - name under pcn/data in the user's cache, see [os.UserCacheDir],
//   - /usr/share/datasets/fashion-mnist for "fashion-mnist", where Debian's
//     package dataset-fashion-mnist puts it.
//
// The files of CIFAR may also be in the folder that their archive unpacks to,
// cifar-10-batches-bin or cifar-100-binary, in the place of name or under it.
//
// ok is false when there is none, or when name is not a plain relative path.
func Find(name string) (dir string, ok bool) {
	if !filepath.IsLocal(name) {
		return "", false
	}
	files, names := idxFiles, []string{name}
	switch name {
	case "cifar10":
		files, names = cifar10.files(), append(names, "cifar-10-batches-bin", filepath.Join(name, "cifar-10-batches-bin"))
	case "cifar100":
		files, names = cifar100.files(), append(names, "cifar-100-binary", filepath.Join(name, "cifar-100-binary"))
	}
	var places []string
	in := func(folder string) {
		for _, name := range names {
			places = append(places, filepath.Join(folder, name))
		}
	}
	if root := os.Getenv("PCN_DATA"); root != "" {
		in(root)
	}
	in("data")
	if folder, err := cacheFolder(); err == nil {
		in(folder)
	}
	if name == "fashion-mnist" {
		in("/usr/share/datasets")
	}
	missing := func(dir string) bool {
		return slices.ContainsFunc(files, func(file string) bool { _, err := IDXPath(dir, file); return err != nil })
	}
	if at := slices.IndexFunc(places, func(dir string) bool { return !missing(dir) }); at >= 0 {
		return places[at], true
	}
	return "", false
}

// Folder returns the folder to put data sets into, where [Find] looks for them;
// it need not exist. It is the one that PCN_DATA names or, without it, pcn/data in
// the user's cache.
func Folder() (string, error) {
	if root := os.Getenv("PCN_DATA"); root != "" {
		return root, nil
	}
	return cacheFolder()
}

func cacheFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "pcn", "data"), nil
}
