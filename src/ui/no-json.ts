/**
 * Stands in the page for the protobuf library's JSON: the page speaks binary alone, and would load some kilobytes that
 * it never runs.
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
