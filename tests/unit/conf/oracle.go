// Reads texts as hex, one a line; prints what Go's encoding/json makes of each as crossgrade's dialect "json" names and
// writes it: "path=value" pairs as hex, or "error".
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

func quoted(s string) string {
	short := map[rune]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '"': `\"`, '\\': `\\`}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		if x, ok := short[c]; ok {
			b.WriteString(x)
		} else if c < ' ' {
			fmt.Fprintf(&b, "\\u%04X", c)
		} else {
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func written(v any) string {
	switch x := v.(type) {
	case []any:
		all := make([]string, len(x))
		for i := range x {
			all[i] = written(x[i])
		}
		return "[" + strings.Join(all, ",") + "]"
	case json.Number:
		return x.String()
	case string:
		return quoted(x)
	case bool:
		return strconv.FormatBool(x)
	}
	return "null"
}

func hasObject(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		return true
	case []any:
		for i := range x {
			if hasObject(x[i]) {
				return true
			}
		}
	}
	return false
}

func leaves(path []string, v any, ret *[]string) {
	if !hasObject(v) {
		way := strings.Join(path, ".")
		*ret = append(*ret, hex.EncodeToString([]byte(way))+"="+hex.EncodeToString([]byte(written(v))))
		return
	}
	switch x := v.(type) {
	case map[string]any:
		for name, y := range x {
			leaves(append(path[:len(path):len(path)], name), y, ret)
		}
	case []any:
		for i, y := range x {
			leaves(append(path[:len(path):len(path)], strconv.Itoa(i)), y, ret)
		}
	}
}

func read(text []byte) string {
	asViper := map[string]any{}
	if json.Unmarshal(text, &asViper) != nil {
		return "error"
	}
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return "error"
	}
	if v == nil {
		return ""
	}
	all := []string{}
	leaves(nil, v, &all)
	sort.Strings(all)
	return strings.Join(all, " ")
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		text, _ := hex.DecodeString(strings.TrimSpace(line))
		fmt.Fprintln(out, read(text))
	}
}
