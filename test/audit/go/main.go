// Logcheck verifies an exported Coffer log with the Go checksum database's own code, which shares nothing
// with Coffer: golang.org/x/mod/sumdb/{note,tlog}. The folder holds
//
//	entries.jsonl      one canonical entry on each line
//	checkpoint         the signed head
//	vkey               the log's public key, pinned elsewhere
//	older              an older signed head               (optional)
//	consistency        one base64 hash on each line       (with older)
//	*.tlog-proof       proofs of single entries           (optional)
//
// It prints one JSON document and ends with status 1 when anything is wrong.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	size int64
	root tlog.Hash
}

type entry struct {
	Actor    string          `json:"actor"`
	Data     json.RawMessage `json:"data"`
	Previous string          `json:"previous"`
	Seq      int64           `json:"seq"`
	Time     int64           `json:"time"`
	Type     string          `json:"type"`
}

type report struct {
	Size   int64  `json:"size"`
	Proofs int    `json:"proofs"`
	Older  bool   `json:"older"`
	Error  string `json:"error,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: logcheck FOLDER")
		os.Exit(2)
	}
	result, err := check(os.Args[1])
	if err != nil {
		result.Error = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(result)
	if err != nil {
		os.Exit(1)
	}
}

func check(dir string) (report, error) {
	var result report
	vkey, err := os.ReadFile(filepath.Join(dir, "vkey"))
	if err != nil {
		return result, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return result, err
	}
	known := note.VerifierList(verifier)
	raw, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return result, err
	}
	signed, err := openCheckpoint(raw, known)
	if err != nil {
		return result, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "entries.jsonl"))
	if err != nil {
		return result, err
	}
	lines, err := splitLines(data)
	if err != nil {
		return result, err
	}
	result.Size = int64(len(lines))

	if err := checkLinks(lines); err != nil {
		return result, err
	}
	stored, err := checkRoot(lines, signed)
	if err != nil {
		return result, err
	}
	if result.Older, err = checkOlder(dir, known, signed, stored); err != nil {
		return result, err
	}
	proofs, err := filepath.Glob(filepath.Join(dir, "*.tlog-proof"))
	if err != nil {
		return result, err
	}
	for _, file := range proofs {
		if err := checkProof(file, known, lines); err != nil {
			return result, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		result.Proofs++
	}
	return result, nil
}

func splitLines(data []byte) ([][]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		return nil, errors.New("entries.jsonl does not end with a newline")
	}
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")), nil
}

// checkLinks follows the hash chain, which names the place of a change where the root only says that there is one.
func checkLinks(lines [][]byte) error {
	previous := tlog.Hash{}
	var last int64
	for i, line := range lines {
		var e entry
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&e); err != nil {
			return fmt.Errorf("entry %d cannot be read: %w", i, err)
		}
		if e.Seq != int64(i) {
			return fmt.Errorf("entry %d calls itself %d", i, e.Seq)
		}
		if e.Previous != fmt.Sprintf("0x%x", previous[:]) {
			return fmt.Errorf("entry %d does not link to the entry before", i)
		}
		if e.Time < last {
			return fmt.Errorf("entry %d goes back in time", i)
		}
		last = e.Time
		previous = tlog.RecordHash(line)
	}
	return nil
}

func checkRoot(lines [][]byte, signed head) (tlog.HashReader, error) {
	if signed.size != int64(len(lines)) {
		return nil, fmt.Errorf("the checkpoint says %d entries, the log has %d", signed.size, len(lines))
	}
	var hashes []tlog.Hash
	stored := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = hashes[index]
		}
		return out, nil
	})
	for i, line := range lines {
		more, err := tlog.StoredHashes(int64(i), line, stored)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(signed.size, stored)
	if err != nil {
		return nil, err
	}
	if root != signed.root {
		return nil, errors.New("the entries do not hash to the signed root")
	}
	return stored, nil
}

func checkOlder(dir string, known note.Verifiers, newer head, stored tlog.HashReader) (bool, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "older"))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	older, err := openCheckpoint(raw, known)
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "consistency"))
	if err != nil {
		return false, err
	}
	proof, err := parseHashes(strings.Fields(string(text)))
	if err != nil {
		return false, err
	}
	if err := tlog.CheckTree(tlog.TreeProof(proof), newer.size, newer.root, older.size, older.root); err != nil {
		return false, fmt.Errorf("consistency: %w", err)
	}
	// Go's own proof must be the same bytes as the one it was given.
	own, err := tlog.ProveTree(newer.size, older.size, stored)
	if err != nil {
		return false, err
	}
	if fmt.Sprint(own) != fmt.Sprint(tlog.TreeProof(proof)) {
		return false, errors.New("consistency: another proof than Go's")
	}
	return true, nil
}

// checkProof reads c2sp.org/tlog-proof@v1 and finds the entry it is about among the lines.
func checkProof(file string, known note.Verifiers, lines [][]byte) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	front, checkpoint, found := strings.Cut(string(raw), "\n\n")
	if !found {
		return errors.New("no blank line before the checkpoint")
	}
	rows := strings.Split(front, "\n")
	if rows[0] != "c2sp.org/tlog-proof@v1" || len(rows) < 2 {
		return errors.New("not a tlog-proof")
	}
	rows = rows[1:]
	if strings.HasPrefix(rows[0], "extra ") {
		rows = rows[1:]
	}
	digits, found := strings.CutPrefix(rows[0], "index ")
	if !found {
		return errors.New("no index line")
	}
	index, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return err
	}
	if index < 0 || index >= int64(len(lines)) {
		return fmt.Errorf("there is no entry %d", index)
	}
	path, err := parseHashes(rows[1:])
	if err != nil {
		return err
	}
	signed, err := openCheckpoint([]byte(checkpoint), known)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(tlog.RecordProof(path), signed.size, signed.root, index, tlog.RecordHash(lines[index]))
}

func openCheckpoint(raw []byte, known note.Verifiers) (head, error) {
	opened, err := note.Open(raw, known)
	if err != nil {
		return head{}, err
	}
	rows := strings.Split(opened.Text, "\n")
	if len(rows) != 4 {
		return head{}, errors.New("the checkpoint has other lines than origin, size and root")
	}
	size, err := strconv.ParseInt(rows[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := tlog.ParseHash(rows[2])
	return head{size, root}, err
}

func parseHashes(rows []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(rows))
	for i, row := range rows {
		bytes, err := base64.StdEncoding.DecodeString(row)
		if err != nil || len(bytes) != tlog.HashSize {
			return nil, fmt.Errorf("%q is no hash", row)
		}
		copy(hashes[i][:], bytes)
	}
	return hashes, nil
}
