#!/usr/bin/env node
// What `kubectl taffrail` starts: the same program, which knows by the name of this file that kubectl called it.
import "./launcher.js";
