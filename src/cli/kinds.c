#include "cli/kinds.h"

#include <stddef.h>

const struct kind_text kind_texts[] = {
	{ "artifact_stage",
	  "Checks the artifact's digest and unpacks it into a directory that was not there before.",
	  "Removes that directory." },
	{ "backup_final",
	  "With the server stopped, makes the restore point byte-identical to the data and "
	  "durable.",
	  "Nothing: a restore point harms nobody and may still be needed." },
	{ "backup_live",
	  "Copies the data into the restore point while the server runs, in passes, and reads the "
	  "copy back.",
	  "Removes the copy, unless the way back needs it." },
	{ "config_set",
	  "Sets single keys of a configuration file and keeps every other byte of it.",
	  "Puts the file back as it was; a file somebody has edited since is not overwritten "
	  "without --force." },
	{ "data_point", "Marks that a restore point stands ready; does nothing going forward.",
	  "Brings the data of the restore point live and sets the new world's data aside." },
	{ "facts_freeze",
	  "Reads the facts of the old world from its stopped files: the baseline of the proof.",
	  "Nothing." },
	{ "file_put", "Writes a file with the given content, owner and mode.",
	  "Puts back what was there before, or nothing." },
	{ "file_swap", "Exchanges two directories or files, or points a symbolic link elsewhere.",
	  "Exchanges them back, after looking which is where." },
	{ "gate_close", "Keeps clients out of the server's ports by a firewall table of our own.",
	  "Opens the gate." },
	{ "gate_open", "Lets clients in. From here on the run never turns back by itself.",
	  "Closes the gate again." },
	{ "hook",
	  "Runs a program the migration file names, with a deadline; its exit status counts.",
	  "Nothing." },
	{ "service_reload", "Lets the service manager read its changed unit files.",
	  "Does the same again." },
	{ "service_start", "Starts the new build for the first time: the point of no return.",
	  "Stops it." },
	{ "service_stop",
	  "Stops the server and holds it, so that nobody else can start it; the plan says where "
	  "nothing can hold it.",
	  "Lifts the hold, starts the old server and waits until it answers as the version it "
	  "was." },
	{ "snapshot_take", "Runs the operator's own command that takes a snapshot of the data.",
	  "Runs the operator's command that restores it." },
	{ "tree_restore", "Brings a restore point live because the operator asked for it.",
	  "Brings the world that was live before back." },
	{ "verify_world",
	  "Compares the installation with the frozen facts; the gate checks, or the deep "
	  "comparison.",
	  "Nothing." },
	{ "wait_ready",
	  "Waits until the started server answers as the edition and version that were planned.",
	  "Nothing." },
	{ "wal_drain",
	  "Waits, for a bounded time, until the server has applied the transactions it has "
	  "accepted.",
	  "Nothing." },
	{ "warm", "Reads the new build and the tables' metadata ahead into memory, so that the window is short.", "Nothing." },
	{ NULL },
};
