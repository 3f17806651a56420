// The oracle of SFTPGo's event actions: judges crossgrade's translator by models of both languages that share nothing with it.
//
//	oracle pairs -translator PROGRAM [-n 100000] [-for 1h] [-seed 1] [-v]    old output is new output, wherever that is promised
//	oracle real -server DIR -release 2.6.4                         the model of the old language is what a real server sends
//
// The source language is checked against real servers; of the target language only the vendor's documentation is known.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
	_ "time/tzdata"
)

func pairsMain(args []string) error {
	flags := flag.NewFlagSet("pairs", flag.ExitOnError)
	program := flags.String("translator", "", "program that answers actions with templates")
	n := flags.Int("n", 100000, "pairs of a field and an event")
	long := flags.Duration("for", 0, "and for so long")
	seed := flags.Int64("seed", 1, "the same pairs again")
	verbose := flags.Bool("v", false, "a pair for each class, a count for each row")
	flags.Parse(args)
	// A zone whose year 1 is no whole minute from UTC.
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return err
	}
	time.Local = zone
	p, err := provePairs(*program, *seed, *n, *long)
	if err != nil {
		return err
	}
	p.print(*verbose)
	if n := len(p.different) + len(p.missing()); n > 0 {
		return fmt.Errorf("%d faults; seed %d", n, *seed)
	}
	return nil
}

func main() {
	verbs := map[string]func([]string) error{"pairs": pairsMain, "real": realMain, "record": recordMain}
	if len(os.Args) < 2 || verbs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "oracle pairs|real ...")
		os.Exit(2)
	}
	if err := verbs[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}
