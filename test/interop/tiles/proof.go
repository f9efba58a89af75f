package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof is a C2SP tlog-proof.
type Proof struct {
	Index      int64
	Extra      []byte
	Hashes     tlog.RecordProof
	Checkpoint []byte
}

// ParseProof reads the text of a proof. Nothing of it is verified.
func ParseProof(text []byte) (*Proof, error) {
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return nil, fmt.Errorf("there is no checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return nil, fmt.Errorf("it is no tlog-proof")
	}
	proof := &Proof{Checkpoint: checkpoint}
	var err error
	extra, found := strings.CutPrefix(lines[1], "extra ")
	if !found {
		return nil, fmt.Errorf("the entry is not in it")
	}
	if proof.Extra, err = base64.StdEncoding.DecodeString(extra); err != nil {
		return nil, err
	}
	index, found := strings.CutPrefix(lines[2], "index ")
	if !found {
		return nil, fmt.Errorf("there is no index")
	}
	if proof.Index, err = strconv.ParseInt(index, 10, 64); err != nil {
		return nil, err
	}
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		proof.Hashes = append(proof.Hashes, hash)
	}
	return proof, nil
}
