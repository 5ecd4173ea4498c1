// A frame that does not decode is a fault of its sender, told by one code whatever inside it was
// wrong.
import { LightconeError } from "../error.ts";

/**
 * The refusal of a frame for the fault found in it; what is not a fault of input passes unchanged.
 */
export function asFrameFault(thrown: unknown): unknown {
  if (!(thrown instanceof LightconeError) || thrown.code === "LC_FRAME_INVALID") return thrown;
  return new LightconeError("LC_FRAME_INVALID", thrown.message, thrown.reasons);
}
