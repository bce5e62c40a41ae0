// Package fetch downloads the data sets that are known by name and checks them.
// [Sets] lists them; [Set.Get] brings the files of one to a folder, from the
// first of several mirrors that has them:
//
//	mnist, _ := fetch.Find("mnist")
//	folder, err := data.Folder()
//	if err != nil {
//		return err
//	}
//	return mnist.Get(ctx, filepath.Join(folder, mnist.Name), fetch.Options{})
//
// Nothing that a mirror sends is believed: no file is put in its place before its
// checksum was verified.
package fetch
