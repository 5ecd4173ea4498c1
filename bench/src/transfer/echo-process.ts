// The process of the echo server.
import { answerParent, cpuMicros } from "../remote.ts";
import { startEchoServer } from "../web-socket.ts";

export type EchoMethods = {
  /** Yields the port. */
  start: { params: null; result: number };
  cpuMicros: { params: null; result: number };
};

answerParent<EchoMethods>({ start: startEchoServer, cpuMicros });
