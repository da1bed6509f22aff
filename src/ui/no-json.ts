/**
 * Replaces the protobuf library's JSON in the page, which uses only the binary format: saves some kilobytes of dead
 * code.
 */
function never(): never {
  throw new Error("The page speaks binary protobuf alone.");
}

export const fromJson = never;
export const fromJsonString = never;
export const mergeFromJson = never;
export const mergeFromJsonString = never;
export const enumFromJson = never;
export const isEnumJson = never;
export const toJson = never;
export const toJsonString = never;
export const enumToJson = never;
