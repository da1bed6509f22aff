/**
 * Bounds V8's heap. Imported first: the heap grows while the program is loaded, and does not shrink by itself.
 */
import { setFlagsFromString } from "node:v8";

/**
 * The size of the space for new objects, in MiB; V8 doubles it on 64-bit processors. Its default of 8 lets the buffers
 * of a long log die late: they are not used again while they are warm, and a stream takes half as much CPU again.
 */
const NEW_SPACE_MIB = 2;

/**
 * By how much the heap may grow between full garbage collections, in percent of the live heap. V8's default is up to
 * 300 if there is much memory: a thousand followers would then hold three times what they need.
 */
const HEAP_GROWTH = 50;

setFlagsFromString(`--scavenger-max-new-space-capacity-mb=${NEW_SPACE_MIB}`);
setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
