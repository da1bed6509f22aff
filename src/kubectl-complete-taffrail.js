#!/usr/bin/env node
// What kubectl calls to complete the words after `kubectl taffrail`: the same program, by the name of this file.
import "./launcher.js";
