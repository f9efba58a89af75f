// Fsck runs Tessera's checker on a Custos log: it rebuilds the tree from the entry bundles and compares every tile.
// Tessera's own command does the same, and ends with 0 whatever it finds.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

var (
	prefix = flag.String("url", "", "prefix of the log: http://…/v1/log")
	token  = flag.String("token", "", "bearer token of an auditor")
	key    = flag.String("key", "", "verifier key of the log: name+id+key")
)

func main() {
	flag.Parse()
	if err := check(); err != nil {
		fmt.Fprintf(os.Stderr, "fsck: %v\n", err)
		os.Exit(1)
	}
}

func check() error {
	verifier, err := note.NewVerifier(*key)
	if err != nil {
		return fmt.Errorf("-key: %w", err)
	}
	at, err := url.Parse(*prefix)
	if err != nil {
		return fmt.Errorf("-url: %w", err)
	}
	fetcher, err := client.NewHTTPFetcher(at, nil)
	if err != nil {
		return err
	}
	fetcher.SetAuthorizationHeader("Bearer " + *token)
	return fsck.New(verifier.Name(), verifier, fetcher, leafHashes, fsck.Opts{N: 2}).Check(context.Background())
}

func leafHashes(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(entries.Entries))
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
