// Bundle checks an incident bundle of Custos offline, with golang.org/x/mod/sumdb and a CBOR reader: nothing of ours is in
// it but this, and docs/formats/bundle.md.
//
// It holds every file against the manifest, every entry and checkpoint against the key of the log, and recomputes from the
// entries who did read. Who could read follows from the rules of access, which this does not have: `custos verify` asks
// those. It fails on the first thing that does not hold.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

var key = flag.String("key", "", "verifier key of the log: name+id+key")

// Checked is what was checked, and how much.
type Checked struct {
	Files       int `json:"files"`
	Entries     int `json:"entries"`
	Checkpoints int `json:"checkpoints"`
	Releases    int `json:"releases"`
	Records     int `json:"records"`
}

// Manifest is what a bundle says of itself.
type Manifest struct {
	Format       string `json:"format"`
	Origin       string `json:"origin"`
	Incident     string `json:"incident"`
	Size         int64  `json:"size"`
	CompleteFrom int64  `json:"completeFrom"`
	Files        []struct {
		Name   string `json:"name"`
		Bytes  int    `json:"bytes"`
		Sha256 string `json:"sha256"`
	} `json:"files"`
}

func main() {
	flag.Parse()
	checked, err := check(flag.Arg(0))
	if err != nil {
		fmt.Fprintf(os.Stderr, "bundle: %v\n", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(checked); err != nil {
		os.Exit(1)
	}
}

func check(path string) (*Checked, error) {
	verifier, err := note.NewVerifier(*key)
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	files, err := unpack(path)
	if err != nil {
		return nil, err
	}
	var manifest Manifest
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	if manifest.Format != "custos.bundle/v1" {
		return nil, fmt.Errorf("manifest.json: of another format")
	}
	if err := whole(manifest, files); err != nil {
		return nil, err
	}
	entries, err := ReadEntries(files["log/entries"])
	if err != nil {
		return nil, err
	}
	if err := complete(manifest, entries); err != nil {
		return nil, err
	}
	pruned, err := ReadTree(files["log/tree"])
	if err != nil {
		return nil, err
	}
	checked := &Checked{Files: len(files), Entries: len(entries)}
	last := int64(0)
	for name, text := range files {
		decimal, found := strings.CutPrefix(name, "log/checkpoints/")
		if !found {
			continue
		}
		size, err := strconv.ParseInt(decimal, 10, 64)
		if err != nil {
			return nil, err
		}
		if err := signed(text, verifier, size, entries, pruned); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		last = max(last, size)
		checked.Checkpoints++
	}
	if last != manifest.Size {
		return nil, fmt.Errorf("no checkpoint covers its %d entries", manifest.Size)
	}
	releases, err := Released(manifest, entries)
	if err != nil {
		return nil, err
	}
	if err := Compare(releases, files["exposure.json"]); err != nil {
		return nil, fmt.Errorf("exposure.json: %w", err)
	}
	for _, release := range releases {
		checked.Releases++
		checked.Records += release.Records
	}
	return checked, nil
}

// unpack reads what is stored; a bundle compresses nothing.
func unpack(path string) (map[string][]byte, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	files := map[string][]byte{}
	for _, file := range archive.File {
		if _, twice := files[file.Name]; twice || file.Method != zip.Store {
			return nil, fmt.Errorf("%s: there twice, or compressed", file.Name)
		}
		opened, err := file.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(opened)
		opened.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		files[file.Name] = content
	}
	return files, nil
}

// whole checks that the manifest names every file but itself, and each as it is.
func whole(manifest Manifest, files map[string][]byte) error {
	if len(manifest.Files)+1 != len(files) {
		return fmt.Errorf("there are %d files, and the manifest names %d", len(files)-1, len(manifest.Files))
	}
	for _, file := range manifest.Files {
		content, found := files[file.Name]
		hash := sha256.Sum256(content)
		if !found || len(content) != file.Bytes || hex.EncodeToString(hash[:]) != file.Sha256 {
			return fmt.Errorf("%s: not the one in the manifest", file.Name)
		}
	}
	return nil
}

// complete checks that every entry is there from where on the manifest says so.
func complete(manifest Manifest, entries []Entry) error {
	next := int64(-1)
	for _, entry := range entries {
		due := max(next+1, manifest.CompleteFrom)
		if entry.Position <= next || entry.Position > due || entry.Position >= manifest.Size {
			return fmt.Errorf("entry %d is missing, or not in order", due)
		}
		next = entry.Position
	}
	if next+1 != manifest.Size {
		return fmt.Errorf("entry %d is missing", next+1)
	}
	return nil
}

// signed checks one checkpoint, as C2SP tlog-checkpoint has it, against the entries.
func signed(text []byte, verifier note.Verifier, size int64, entries []Entry, pruned []Pruned) error {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	root, err := Root(entries, pruned, size)
	if err != nil {
		return err
	}
	want := fmt.Sprintf("%s\n%d\n%s\n", verifier.Name(), size, root)
	if !bytes.Equal([]byte(opened.Text), []byte(want)) {
		return fmt.Errorf("the entries give another root than the one signed")
	}
	return nil
}
