package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// C2SP tlog-tiles: 256 hashes a tile.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	octets     = "application/octet-stream"
	mostBytes  = 64 << 20
)

// Log reads a log over HTTP, in the forms of C2SP. It is a tlog.TileReader.
type Log struct {
	prefix, token string
	verifier      note.Verifier
	saved         map[tlog.Tile][]byte
}

var _ tlog.TileReader = (*Log)(nil)

// Fetch gets one resource. What has another content type than the specification says is refused.
func (l *Log) Fetch(path, contentType string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, l.prefix+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+l.token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	if got := answer.Header.Get("Content-Type"); got != contentType {
		return nil, fmt.Errorf("%s: content type %q, not %q", path, got, contentType)
	}
	return io.ReadAll(io.LimitReader(answer.Body, mostBytes))
}

// OpenCheckpoint verifies a signed note and reads the C2SP tlog-checkpoint in it: origin, size, root. The go.sum
// database, for which tlog.ParseTree is made, has another first line.
func (l *Log) OpenCheckpoint(text []byte) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(l.verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	body, found := strings.CutPrefix(opened.Text, l.verifier.Name()+"\n")
	if !found {
		return tlog.Tree{}, fmt.Errorf("it is of another origin")
	}
	const firstLine = "go.sum database tree\n"
	tree, err := tlog.ParseTree([]byte(firstLine + body))
	if err != nil || string(tlog.FormatTree(tree)) != firstLine+body {
		return tlog.Tree{}, fmt.Errorf("it is not origin, size and root")
	}
	return tree, nil
}

// Entries reads the log's first size entries out of their bundles.
func (l *Log) Entries(size int64) ([][]byte, error) {
	var entries [][]byte
	for n := int64(0); n*tileWidth < size; n++ {
		width := min(tileWidth, size-n*tileWidth)
		path := entriesPath(n, int(width))
		bundle, err := l.Fetch(path, octets)
		if err != nil {
			return nil, err
		}
		for count := int64(0); count < width; count++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s: cut off", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:end])
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			return nil, fmt.Errorf("%s: longer than its entries", path)
		}
	}
	return entries, nil
}

// Height implements tlog.TileReader.
func (l *Log) Height() int { return tileHeight }

// ReadTiles implements tlog.TileReader.
func (l *Log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if data[i] = l.saved[tile]; data[i] != nil {
			continue
		}
		var err error
		if data[i], err = l.Fetch(tilePath(tile), octets); err != nil {
			return nil, err
		}
		if len(data[i]) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes, not %d", tilePath(tile), len(data[i]), tile.W*tlog.HashSize)
		}
	}
	return data, nil
}

// SaveTiles implements tlog.TileReader: these tiles were held against the root.
func (l *Log) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		l.saved[tile] = data[i]
	}
}

var heightInPath = regexp.MustCompile(`^tile/\d+/`)

// tilePath is the path of C2SP. That of the go.sum database has the height in it: tile/8/0/001.p/5.
func tilePath(tile tlog.Tile) string {
	return heightInPath.ReplaceAllString(tile.Path(), "tile/")
}

// entriesPath is that of a tile of level 0, under another name.
func entriesPath(n int64, width int) string {
	path := tilePath(tlog.Tile{H: tileHeight, L: 0, N: n, W: width})
	return "tile/entries/" + strings.TrimPrefix(path, "tile/0/")
}
