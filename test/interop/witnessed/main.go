// Witnessed runs a log that is none of ours, Tessera's on a disk, and has it cosigned by a witness: a checkpoint is
// published only if the witness answers by C2SP tlog-witness with a cosignature that verifies. It prints what was published.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

var (
	dir     = flag.String("dir", "", "folder of the log; one that is there is gone on with")
	signer  = flag.String("signer", "", "signer key of the log: PRIVATE+KEY+name+id+key")
	witness = flag.String("witness", "", "URL of the witness")
	key     = flag.String("key", "", "verifier key of the witness: name+id+key")
	entries = flag.Int("entries", 1, "entries to add, each in a checkpoint of its own")
	within  = flag.Duration("within", 20*time.Second, "how long all of it may take")
)

func main() {
	flag.Parse()
	// Not a context: what waits for a checkpoint that never comes does not look at one everywhere.
	time.AfterFunc(*within, func() {
		fmt.Fprintln(os.Stderr, "witnessed: no checkpoint was published in time")
		os.Exit(1)
	})
	published, err := run()
	if err != nil {
		fmt.Fprintf(os.Stderr, "witnessed: %v\n", err)
		os.Exit(1)
	}
	os.Stdout.Write(published)
}

func run() ([]byte, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	checkpoints, err := note.NewSigner(*signer)
	if err != nil {
		return nil, fmt.Errorf("-signer: %w", err)
	}
	at, err := url.Parse(*witness)
	if err != nil {
		return nil, fmt.Errorf("-witness: %w", err)
	}
	asked, err := tessera.NewWitness(*key, at)
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	driver, err := posix.New(ctx, posix.Config{Path: *dir})
	if err != nil {
		return nil, err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(checkpoints).
		WithCheckpointInterval(100*time.Millisecond).
		WithBatching(1, time.Millisecond).
		WithWitnesses(tessera.NewWitnessGroup(1, asked), nil)
	appender, _, log, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return nil, err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, log.ReadCheckpoint, 20*time.Millisecond)
	var published []byte
	for n := range *entries {
		entry := tessera.NewEntry(fmt.Appendf(nil, "entry %d at %d", n, time.Now().UnixNano()))
		_, published, err = awaiter.Await(ctx, appender.Add(ctx, entry))
		if err != nil {
			return nil, fmt.Errorf("entry %d was not published with a cosignature: %w", n, err)
		}
	}
	return published, nil
}
