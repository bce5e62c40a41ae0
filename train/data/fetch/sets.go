package fetch

// A Set is a data set that is known: what it is, and where its files are.
type Set struct {
	Name    string   `json:"name"`              // as train.Data.Dataset and data.Find take it
	Title   string   `json:"title"`             // what it holds
	Licence string   `json:"licence"`           // SPDX identifier, NOASSERTION where none is given
	Source  string   `json:"source"`            // who made it, where it is described
	Files   []File   `json:"files,omitempty"`   // none where the set is built in
	Archive *Archive `json:"-"`                 // what the files come in, where they do not come one by one
	Mirrors []string `json:"mirrors,omitempty"` // folders on the web that hold the files, each with .gz, or the archive, best first
}

// A File is a file of a set. Mirrors pack it in different ways, so its size and
// its checksum are those of what is unpacked.
type File struct {
	Name   string `json:"name"`   // without .gz
	Size   int64  `json:"bytes"`  // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// Bytes returns the size of all files, unpacked.
func (s Set) Bytes() int64 {
	n := int64(0)
	for _, f := range s.Files {
		n += f.Size
	}
	return n
}

// Sets are the known sets that are images.
//
// The checksums of MNIST are those of files whose MD5 sums are the ones that are
// published for it (6bbc9ace898e44ae57da46a324031adb and so on); those of
// Fashion-MNIST were taken from Debian's package dataset-fashion-mnist; those of CIFAR
// are the ones that TensorFlow Datasets has of the archives and torchvision for Ruby of
// the files, and nothing of CIFAR was downloaded to try them.
var Sets = []Set{
	{
		Name:    "digits",
		Title:   "1,797 handwritten digits, 8×8 pixels, 10 classes; built in",
		Licence: "CC-BY-4.0",
		Source:  "E. Alpaydin and C. Kaynak, https://doi.org/10.24432/C50P49",
	},
	{
		Name:    "mnist",
		Title:   "70,000 handwritten digits, 28×28 pixels, 10 classes",
		Licence: "CC-BY-SA-3.0",
		Source:  "Y. LeCun, C. Cortes and C. J. C. Burges, http://yann.lecun.com/exdb/mnist/",
		Files: []File{
			{"train-images-idx3-ubyte", 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
			{"train-labels-idx1-ubyte", 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
			{"t10k-images-idx3-ubyte", 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
			{"t10k-labels-idx1-ubyte", 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
		},
		Mirrors: []string{
			"https://storage.googleapis.com/cvdf-datasets/mnist/",
			"https://ossci-datasets.s3.amazonaws.com/mnist/",
		},
	},
	{
		Name:    "fashion-mnist",
		Title:   "70,000 pieces of clothing, 28×28 pixels, 10 classes",
		Licence: "MIT",
		Source:  "H. Xiao, K. Rasul and R. Vollgraf, https://github.com/zalandoresearch/fashion-mnist",
		Files: []File{
			{"train-images-idx3-ubyte", 47040016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
			{"train-labels-idx1-ubyte", 60008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
			{"t10k-images-idx3-ubyte", 7840016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
			{"t10k-labels-idx1-ubyte", 10008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
		},
		Mirrors: []string{
			"https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
			"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
		},
	},
	{
		Name:    "cifar10",
		Title:   "60,000 photos, 32×32 pixels in colour, 10 classes",
		Licence: "NOASSERTION",
		Source:  "A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html",
		Files: []File{
			{"data_batch_1.bin", 30730000, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
			{"data_batch_2.bin", 30730000, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
			{"data_batch_3.bin", 30730000, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
			{"data_batch_4.bin", 30730000, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
			{"data_batch_5.bin", 30730000, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
			{"test_batch.bin", 30730000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
		},
		Archive: &Archive{
			File:   File{"cifar-10-binary.tar.gz", 170052171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
			Others: []string{"batches.meta.txt"},
		},
		Mirrors: []string{"https://www.cs.toronto.edu/~kriz/"},
	},
	{
		Name:    "cifar100",
		Title:   "60,000 photos, 32×32 pixels in colour, 100 classes",
		Licence: "NOASSERTION",
		Source:  "A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html",
		Files: []File{
			{"train.bin", 153700000, "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"},
			{"test.bin", 30740000, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"},
		},
		Archive: &Archive{
			File:   File{"cifar-100-binary.tar.gz", 168513733, "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"},
			Others: []string{"fine_label_names.txt"},
		},
		Mirrors: []string{"https://www.cs.toronto.edu/~kriz/"},
	},
}

// Find returns the known set of a name.
func Find(name string) (Set, bool) {
	for _, s := range Sets {
		if s.Name == name {
			return s, true
		}
	}
	return Set{}, false
}
