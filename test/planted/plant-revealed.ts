// Plants every secret that the program reveals.
import { Secret } from "../../src/secret.ts";
import { plant } from "./search.ts";

const { reveal } = Secret.prototype;
Secret.prototype.reveal = function (this: Secret): string {
  const value = reveal.call(this);
  plant(value);
  return value;
};
