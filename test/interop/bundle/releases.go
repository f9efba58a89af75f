package main

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// Release is one row of who did read.
type Release struct {
	Kind     string   `json:"kind"`
	Position int64    `json:"position"`
	Person   string   `json:"person"`
	Session  string   `json:"session"`
	Fields   []string `json:"fields"`
	Records  int      `json:"records"`
	Outcome  string   `json:"outcome"`
}

// Released tells every release in question, and how it ended: unknown if the log does not say so by the last moment.
func Released(manifest Manifest, entries []Entry) ([]Release, error) {
	from, to, err := inQuestion(manifest, entries)
	if err != nil {
		return nil, err
	}
	if manifest.CompleteFrom > from {
		return nil, fmt.Errorf("it is complete from %d on only, and asks about %d", manifest.CompleteFrom, from)
	}
	var releases []Release
	places := map[int64]int{}
	for _, entry := range entries {
		if entry.Position < from || entry.Position >= to {
			continue
		}
		var data struct {
			Session    string   `cbor:"session"`
			Fields     []string `cbor:"fields"`
			Records    int      `cbor:"records"`
			Disclosure int64    `cbor:"disclosure"`
			Outcome    string   `cbor:"outcome"`
		}
		switch entry.Type {
		case "disclosure.made":
			if err := cbor.Unmarshal(entry.Data, &data); err != nil {
				return nil, fmt.Errorf("entry %d: %w", entry.Position, err)
			}
			places[entry.Position] = len(releases)
			releases = append(releases, Release{"did", entry.Position, entry.Actor, data.Session, data.Fields, data.Records, "unknown"})
		case "disclosure.completed":
			if err := cbor.Unmarshal(entry.Data, &data); err != nil {
				return nil, fmt.Errorf("entry %d: %w", entry.Position, err)
			}
			place, found := places[data.Disclosure]
			if !found {
				continue
			}
			delete(places, data.Disclosure)
			releases[place].Outcome = data.Outcome
			if data.Outcome == "delivered" {
				releases[place].Records = data.Records
			}
		}
	}
	return releases, nil
}

func inQuestion(manifest Manifest, entries []Entry) (from, to int64, err error) {
	for _, entry := range entries {
		if entry.Type != "incident.opened" {
			continue
		}
		var data struct {
			Incident string `cbor:"incident"`
			From     int64  `cbor:"from"`
			To       *int64 `cbor:"to"`
		}
		if err := cbor.Unmarshal(entry.Data, &data); err != nil {
			return 0, 0, fmt.Errorf("entry %d: %w", entry.Position, err)
		}
		if data.Incident != manifest.Incident {
			continue
		}
		if data.To == nil {
			return data.From, manifest.Size, nil
		}
		return data.From, *data.To, nil
	}
	return 0, 0, fmt.Errorf("no entry opens the incident")
}

// Compare holds the releases against those of the report.
func Compare(releases []Release, report []byte) error {
	var said struct {
		Summary struct {
			Did struct {
				Records int `json:"records"`
				Unknown int `json:"unknown"`
			} `json:"did"`
		} `json:"summary"`
		Rows []Release `json:"rows"`
	}
	if err := json.Unmarshal(report, &said); err != nil {
		return err
	}
	var told []Release
	for _, row := range said.Rows {
		if row.Kind == "did" {
			told = append(told, row)
		}
	}
	if !reflect.DeepEqual(told, releases) {
		return fmt.Errorf("the entries tell of other releases")
	}
	records, unknown := 0, 0
	for _, release := range releases {
		records += release.Records
		if release.Outcome == "unknown" {
			unknown++
		}
	}
	if said.Summary.Did.Records != records || said.Summary.Did.Unknown != unknown {
		return fmt.Errorf("its sums are not those of the entries")
	}
	return nil
}
