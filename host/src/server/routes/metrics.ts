// What Prometheus reads (http-and-auth.md section 16; docs/metrics.md), and where it finds that.
import { collectMetrics } from "../metrics/collect.ts";
import { prometheusText, prometheusType } from "../metrics/prometheus.ts";
import { jsonAnswer, object, string } from "../openapi/description.ts";
import { jsonReply, type Reply } from "../reply.ts";
import type { Route, RouteRequest, Services } from "../router.ts";

async function tellMetrics(_request: RouteRequest, services: Services): Promise<Reply> {
  const body = await services.metrics.tell(async () =>
    prometheusText(await collectMetrics(services)),
  );
  return { kind: "reply", status: 200, headers: { "content-type": prometheusType }, body };
}

const path = "/v1/metrics";

export const metricsRoutes: readonly Route[] = [
  {
    method: "GET",
    path,
    credentials: "ignored",
    access: "anybody",
    summary: "Metrics in the text format of Prometheus.",
    answers: { 200: { description: "The metrics", content: { [prometheusType]: string } } },
    handle: tellMetrics,
  },
  {
    method: "GET",
    path: "/v1/prometheus/sd_config",
    credentials: "ignored",
    access: "anybody",
    summary: "Where Prometheus finds the host's metrics: at the address that was asked.",
    answers: {
      200: jsonAnswer("For `http_sd_configs`", {
        type: "array",
        items: object({ targets: { type: "array", items: string }, labels: { type: "object" } }),
      }),
    },
    handle: ({ headers }) =>
      jsonReply(200, [
        { targets: [headers.host ?? "localhost"], labels: { __metrics_path__: path } },
      ]),
  },
];
