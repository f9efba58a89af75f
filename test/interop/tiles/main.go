// Tiles checks a Custos log from outside, with golang.org/x/mod/sumdb alone: nothing of ours is in it but this.
//
// It fetches checkpoint, tiles and entry bundles over HTTP, and checks the signature, that entries and tiles give the
// root that was signed, that every entry is included, and that the log continues an older checkpoint. It fails on
// the first thing that does not hold.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var (
	url     = flag.String("url", "", "prefix of the log: http://…/v1/log")
	token   = flag.String("token", "", "bearer token of an auditor")
	key     = flag.String("key", "", "verifier key of the log: name+id+key")
	older   = flag.String("older", "", "file with an older checkpoint that the log must continue")
	receipt = flag.String("receipt", "", "file with a receipt that the log must have given")
	every   = flag.Int64("every", 1, "prove every n-th entry")
)

// Checked is what was checked, and how much.
type Checked struct {
	Size      int64 `json:"size"`
	Entries   int64 `json:"entries"`
	Tiles     int   `json:"tiles"`
	Proofs    int64 `json:"proofs"`
	Continues int64 `json:"continues"`
	Receipts  int   `json:"receipts"`
}

func main() {
	flag.Parse()
	checked, err := check()
	if err != nil {
		fmt.Fprintf(os.Stderr, "tiles: %v\n", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(checked); err != nil {
		os.Exit(1)
	}
}

func check() (*Checked, error) {
	verifier, err := note.NewVerifier(*key)
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	log := &Log{prefix: *url, token: *token, verifier: verifier, saved: map[tlog.Tile][]byte{}}
	text, err := log.Fetch("checkpoint", "text/plain; charset=utf-8")
	if err != nil {
		return nil, err
	}
	tree, err := log.OpenCheckpoint(text)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	checked := &Checked{Size: tree.N}

	entries, err := log.Entries(tree.N)
	if err != nil {
		return nil, err
	}
	checked.Entries = int64(len(entries))
	if checked.Tiles, err = rebuild(log, tree, entries); err != nil {
		return nil, err
	}
	// From here on hashes come out of the tiles as they are served; the reader holds each one against the root.
	served := tlog.TileHashReader(tree, log)
	for n := int64(0); n < tree.N; n += *every {
		if err := included(tree, n, entries[n], served); err != nil {
			return nil, fmt.Errorf("entry %d: %w", n, err)
		}
		checked.Proofs++
	}
	if *older != "" {
		if checked.Continues, err = continues(log, tree, served, entries); err != nil {
			return nil, fmt.Errorf("older checkpoint: %w", err)
		}
	}
	if *receipt != "" {
		if err := given(log, tree, served, entries); err != nil {
			return nil, fmt.Errorf("receipt: %w", err)
		}
		checked.Receipts = 1
	}
	return checked, nil
}

// rebuild makes the whole tree out of the entries, and compares the root with the one signed and every tile with the
// one served.
func rebuild(log *Log, tree tlog.Tree, entries [][]byte) (int, error) {
	var stored []tlog.Hash
	own := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for n, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(n), entry, own)
		if err != nil {
			return 0, err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, own)
	if err != nil {
		return 0, err
	}
	if root != tree.Hash {
		return 0, fmt.Errorf("the entries give another root than the one signed")
	}
	tiles := tlog.NewTiles(tileHeight, 0, tree.N)
	served, err := log.ReadTiles(tiles)
	if err != nil {
		return 0, err
	}
	for i, tile := range tiles {
		made, err := tlog.ReadTileData(tile, own)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(made, served[i]) {
			return 0, fmt.Errorf("%s is not made of the entries", tilePath(tile))
		}
	}
	return len(tiles), nil
}

func included(tree tlog.Tree, n int64, entry []byte, hashes tlog.HashReader) error {
	proof, err := tlog.ProveRecord(tree.N, n, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(entry))
}

// continues checks that the log holds the older one unchanged, and that the older one's tiles are still there.
func continues(log *Log, tree tlog.Tree, hashes tlog.HashReader, entries [][]byte) (int64, error) {
	text, err := os.ReadFile(*older)
	if err != nil {
		return 0, err
	}
	before, err := log.OpenCheckpoint(text)
	if err != nil {
		return 0, err
	}
	proof, err := tlog.ProveTree(tree.N, before.N, hashes)
	if err != nil {
		return 0, err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
		return 0, err
	}
	last := before.N - 1
	return before.N, included(before, last, entries[last], tlog.TileHashReader(before, log))
}

// given checks a receipt by itself, then that it is one of this log.
func given(log *Log, tree tlog.Tree, hashes tlog.HashReader, entries [][]byte) error {
	text, err := os.ReadFile(*receipt)
	if err != nil {
		return err
	}
	got, err := ParseProof(text)
	if err != nil {
		return err
	}
	signed, err := log.OpenCheckpoint(got.Checkpoint)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(got.Hashes, signed.N, signed.Hash, got.Index, tlog.RecordHash(got.Extra)); err != nil {
		return err
	}
	if got.Index >= tree.N || !bytes.Equal(entries[got.Index], got.Extra) {
		return fmt.Errorf("the log has another entry at %d", got.Index)
	}
	proof, err := tlog.ProveTree(tree.N, signed.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, signed.N, signed.Hash)
}
