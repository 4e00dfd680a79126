// Command go_judge checks a log with the code of Go's checksum database: sumdb/note for signatures,
// sumdb/tlog for hashes, tiles and proofs. It shares nothing with Sekisho but the published formats.
//
//	go_judge VKEY LOG [CHECKPOINTS [PROOFS [CONSISTENCY]]]
//
// LOG is the log's folder. CHECKPOINTS is a folder of checkpoints that were served earlier, PROOFS a
// folder of .tlog-proof files, each holding its entry or with the entry beside it as .entry, and CONSISTENCY a file with
// one proof a line: old size, new size, hashes in base64.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
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

const height = 8

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: go_judge VKEY LOG [CHECKPOINTS [PROOFS [CONSISTENCY]]]")
		os.Exit(2)
	}
	if err := judge(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
}

func judge(vkey, log string, more []string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	keys := note.VerifierList(verifier)
	tree, err := openCheckpoint(filepath.Join(log, "checkpoint"), keys)
	if err != nil {
		return err
	}
	hashes, err := readEntries(log, tree.N)
	if err != nil {
		return err
	}
	if err := checkRoot(tree, hashes); err != nil {
		return err
	}
	tiles, err := checkTiles(log, tree, hashes)
	if err != nil {
		return err
	}
	fmt.Printf("accepted: %d entries, %d tiles\n", tree.N, tiles)
	trees := map[int64]tlog.Tree{tree.N: tree}
	if len(more) > 0 {
		if err := checkCheckpoints(more[0], keys, hashes, trees); err != nil {
			return err
		}
	}
	if len(more) > 1 {
		if err := checkProofs(more[1], keys); err != nil {
			return err
		}
	}
	if len(more) > 2 {
		return checkConsistency(more[2], trees)
	}
	return nil
}

// openCheckpoint reads a checkpoint itself: tlog.ParseTree takes only the origin of Go's own log.
func openCheckpoint(path string, keys note.Verifiers) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return parseCheckpoint(data, keys)
}

func parseCheckpoint(data []byte, keys note.Verifiers) (tlog.Tree, error) {
	opened, err := note.Open(data, keys)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != opened.Sigs[0].Name {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] || size < 0 {
		return tlog.Tree{}, errors.New("not a size")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// stored is a hash reader over all hashes of a log, computed from its entries.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		if index >= int64(len(s)) {
			return nil, errors.New("no such hash")
		}
		found[at] = s[index]
	}
	return found, nil
}

func readEntries(log string, size int64) (stored, error) {
	var hashes stored
	var count int64
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		path := tlog.Tile{H: height, L: 0, N: n, W: int(width)}.Path()
		path = "tile/entries/" + strings.TrimPrefix(path, "tile/8/0/")
		data, err := os.ReadFile(filepath.Join(log, path))
		if err != nil {
			return nil, err
		}
		whole, ends := data, []int{0}
		for len(data) > 0 {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s is cut short", path)
			}
			entry := data[2 : 2+int(binary.BigEndian.Uint16(data))]
			added, err := tlog.StoredHashes(count, entry, hashes)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, added...)
			data = data[2+len(entry):]
			ends = append(ends, len(whole)-len(data))
			count++
			width--
		}
		if width != 0 {
			return nil, fmt.Errorf("%s has not the entries it should", path)
		}
		if err := checkOlder(log, strings.Split(path, ".p/")[0], whole, ends); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// checkOlder compares the partial bundles that smaller trees had with the one that replaced them.
func checkOlder(log, path string, whole []byte, ends []int) error {
	files, err := filepath.Glob(filepath.Join(log, path+".p", "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		width, err := strconv.Atoi(filepath.Base(file))
		if err != nil || width < 1 || width >= len(ends) {
			return fmt.Errorf("%s does not belong to the log", file)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !bytes.Equal(data, whole[:ends[width]]) {
			return fmt.Errorf("%s is not how %s begins", file, path)
		}
	}
	return nil
}

func checkRoot(tree tlog.Tree, hashes stored) error {
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the entries do not give the root signed at size %d", tree.N)
	}
	return nil
}

func checkTiles(log string, tree tlog.Tree, hashes stored) (int, error) {
	checked := 0
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		expected, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return 0, err
		}
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(log, path))
		if errors.Is(err, os.ErrNotExist) && !isNeeded(tile, tree.N) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(data, expected) {
			return 0, fmt.Errorf("%s does not follow from the entries", path)
		}
		checked++
	}
	return checked, nil
}

// isNeeded tells the tiles of a tree from the partial ones that smaller trees had.
func isNeeded(tile tlog.Tile, size int64) bool {
	width := size>>(height*tile.L) - tile.N*256
	return tile.W == 256 || int64(tile.W) == width
}

func checkCheckpoints(folder string, keys note.Verifiers, hashes stored, trees map[int64]tlog.Tree) error {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		tree, err := openCheckpoint(file, keys)
		if err != nil {
			return err
		}
		if err := checkRoot(tree, hashes); err != nil {
			return err
		}
		trees[tree.N] = tree
	}
	fmt.Printf("accepted: %d checkpoints\n", len(files))
	return nil
}

func checkProofs(folder string, keys note.Verifiers) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.tlog-proof"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := checkProof(file, keys); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	fmt.Printf("accepted: %d inclusion proofs\n", len(files))
	return nil
}

func checkProof(file string, keys note.Verifiers) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, checkpoint, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof")
	}
	lines = lines[1:]
	extra := ""
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		extra = strings.TrimPrefix(lines[0], "extra ")
		lines = lines[1:]
	}
	entry, err := readEntry(strings.TrimSuffix(file, ".tlog-proof")+".entry", extra)
	if err != nil {
		return err
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("no index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	tree, err := parseCheckpoint([]byte(checkpoint), keys)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

// readEntry reads the entry of a proof: the file beside it, or what a receipt's extra line holds.
func readEntry(file, extra string) ([]byte, error) {
	if extra == "" {
		return os.ReadFile(file)
	}
	data, err := base64.StdEncoding.DecodeString(extra)
	if err != nil {
		return nil, err
	}
	var receipt struct {
		Entry string `json:"entry"`
	}
	err = json.Unmarshal(data, &receipt)
	return []byte(receipt.Entry), err
}

func checkConsistency(file string, trees map[int64]tlog.Tree) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range lines {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return errors.New("not a consistency proof")
		}
		old, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return err
		}
		proof, err := parseHashes(fields[2:])
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, size, trees[size].Hash, old, trees[old].Hash); err != nil {
			return fmt.Errorf("from %d to %d: %w", old, size, err)
		}
	}
	fmt.Printf("accepted: %d consistency proofs\n", len(lines))
	return nil
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, errors.New("not a hash")
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		hashes = append(hashes, hash)
	}
	return hashes, nil
}
