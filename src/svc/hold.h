/* The files of a systemd unit's hold: a drop-in in /etc/systemd/system that lets the unit start
 * only while the hold file is absent, and that hold file. Both are durable on return; systemd is
 * told by the caller. The drop-in also puts the unit behind crossgrade-resume.service at boot,
 * whatever its name is (what that starts itself starts out of turn), and keeps systemd from killing
 * a server that stops slowly.
 *
 * A mask would not do: a runtime mask has no effect on a unit whose file is in /etc, and a lasting
 * one cannot be made for it (seen). */
#pragma once

#include "base/err.h"
#include "base/sv.h"

/* Drop-in and hold file, the folders made as needed. `path` is absolute. Idempotent. */
int hold_put(const char *unit, const char *path, struct err *e) must_check;
/* A hold file alone, with this text. */
int hold_file_put(const char *path, struct sv text, struct err *e) must_check;
/* The hold file alone: the unit can be started now, by anybody. Absent is fine. */
int hold_lift(const char *path, struct err *e) must_check;
/* The drop-in, and its folder when hold_put() made it and nobody else uses it. Absent is fine. */
int hold_drop(const char *unit, struct err *e) must_check;
