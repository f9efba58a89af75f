package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/mod/sumdb/tlog"
)

// Entry is a header: what it says, and its hash as a leaf.
type Entry struct {
	Position int64           `cbor:"position"`
	Type     string          `cbor:"type"`
	Actor    string          `cbor:"actor"`
	Data     cbor.RawMessage `cbor:"data"`
	Hash     tlog.Hash       `cbor:"-"`
}

// ReadEntries reads headers, each after its length in two bytes (C2SP tlog-tiles, entry bundles).
func ReadEntries(bundle []byte) ([]Entry, error) {
	var entries []Entry
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("log/entries: cut off")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entry := Entry{Hash: tlog.RecordHash(bundle[2:end])}
		if err := cbor.Unmarshal(bundle[2:end], &entry); err != nil {
			return nil, fmt.Errorf("log/entries: %w", err)
		}
		entries = append(entries, entry)
		bundle = bundle[end:]
	}
	return entries, nil
}

// Pruned is a perfect subtree of which no entry is in the bundle.
type Pruned struct {
	Level, Index int64
	Hash         tlog.Hash
}

// ReadTree reads lines of level, index and hash.
func ReadTree(text []byte) ([]Pruned, error) {
	var pruned []Pruned
	for line := range strings.Lines(string(bytes.TrimSuffix(text, []byte("\n")))) {
		var one Pruned
		var encoded string
		if _, err := fmt.Sscanf(line, "%d %d %s", &one.Level, &one.Index, &encoded); err != nil {
			return nil, fmt.Errorf("log/tree: %w", err)
		}
		hash, err := tlog.ParseHash(encoded)
		if err != nil {
			return nil, fmt.Errorf("log/tree: %w", err)
		}
		one.Hash = hash
		pruned = append(pruned, one)
	}
	return pruned, nil
}

// Root is that of the tree of size leaves (RFC 6962, 2.1), from left to right: an entry is a leaf, and where none is, the
// next pruned subtree stands for all that it covers. Everything pruned must be used.
func Root(entries []Entry, pruned []Pruned, size int64) (tlog.Hash, error) {
	var failed error
	var over func(start, count int64) tlog.Hash
	over = func(start, count int64) tlog.Hash {
		if failed != nil {
			return tlog.Hash{}
		}
		isEmpty := len(entries) == 0 || entries[0].Position >= start+count
		if isEmpty && bits.OnesCount64(uint64(count)) == 1 {
			level := int64(bits.TrailingZeros64(uint64(count)))
			if len(pruned) == 0 || pruned[0].Level != level || pruned[0].Index != start/count {
				failed = fmt.Errorf("log/tree: no hash for what is at %d", start)
				return tlog.Hash{}
			}
			hash := pruned[0].Hash
			pruned = pruned[1:]
			return hash
		}
		if count == 1 {
			hash := entries[0].Hash
			entries = entries[1:]
			return hash
		}
		left := int64(1) << (bits.Len64(uint64(count-1)) - 1)
		one := over(start, left)
		return tlog.NodeHash(one, over(start+left, count-left))
	}
	root := over(0, size)
	if failed == nil && len(pruned) > 0 {
		failed = fmt.Errorf("log/tree: more hashes than the entries leave over")
	}
	return root, failed
}
