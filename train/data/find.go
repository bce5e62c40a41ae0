package data

import (
	"os"
	"path/filepath"
)

// Find returns the folder of a data set by its name, such as "mnist" or
// "fashion-mnist", to be read by [IDX]. It is the first that has all four files of
//   - name under the folder that the environment variable PCN_DATA names,
//   - data/name under the working directory,
//   - name under pcn/data in the user's cache, see [os.UserCacheDir],
//   - /usr/share/datasets/fashion-mnist for "fashion-mnist", where Debian's
//     package dataset-fashion-mnist puts it.
//
// ok is false when there is none, or when name is not a plain relative path.
func Find(name string) (dir string, ok bool) {
	if !filepath.IsLocal(name) {
		return "", false
	}
	var places []string
	if root := os.Getenv("PCN_DATA"); root != "" {
		places = append(places, filepath.Join(root, name))
	}
	places = append(places, filepath.Join("data", name))
	if folder, err := cacheFolder(); err == nil {
		places = append(places, filepath.Join(folder, name))
	}
	if name == "fashion-mnist" {
		places = append(places, "/usr/share/datasets/fashion-mnist")
	}
	for _, dir := range places {
		if hasIDX(dir) {
			return dir, true
		}
	}
	return "", false
}

// hasIDX reports whether a folder has all files that IDX reads.
func hasIDX(dir string) bool {
	for _, part := range []string{trainPart, testPart} {
		for _, file := range []string{imagesFile, labelsFile} {
			if _, err := IDXPath(dir, part+file); err != nil {
				return false
			}
		}
	}
	return true
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
