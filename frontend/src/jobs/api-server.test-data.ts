/** A server in the test's process that plays the API, over real HTTP. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { HistoryItem, JobState } from "@/api/types";
import { anItem, aResult, aState } from "@/domain/examples";

export const jobId = (at: number) => at.toString(16).padStart(32, "0");

export class ApiServer {
  /** Status by job id: of every job there is. */
  jobs = new Map<string, JobState["status"]>();
  /** What the history lists, newest first. */
  listed: HistoryItem[] = [];
  refusal: { status: number; type: string; detail: string } | null = null;
  /** So many responses are lost on the way. */
  numLost = 0;
  /** Never responds. */
  isSilent = false;
  calls: string[] = [];
  keys: unknown[] = [];
  bodies: unknown[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    const body = await read(request);
    this.calls.push(`${request.method} ${request.url}`);
    this.keys.push(request.headers["idempotency-key"]);
    this.bodies.push(body);
    if (this.isSilent) return;
    if (this.numLost > 0) {
      this.numLost -= 1;
      request.socket.destroy();
      return;
    }
    const [status, reply] = this.#reply(request.method ?? "", request.url ?? "", body);
    response.writeHead(status, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" });
    response.end(reply === null ? undefined : JSON.stringify(reply));
  });

  /** Its address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  reset(): void {
    Object.assign(this, {
      jobs: new Map(),
      listed: [],
      refusal: null,
      numLost: 0,
      isSilent: false,
      calls: [],
      keys: [],
      bodies: [],
    });
  }

  #reply(method: string, url: string, body: unknown): [number, unknown] {
    if (this.refusal) return [this.refusal.status, problem(this.refusal.type, this.refusal.detail)];
    if (url.startsWith("/api/history")) return [200, { items: this.listed, next_cursor: null }];
    if (url.startsWith("/api/options")) return [200, { native_width: 64, native_height: 48 }];
    if (url.includes("/favorite")) return [204, null];
    if (url === "/api/images/delete") return [200, { deleted: (body as { ids: string[] }).ids, missing: [], kept: [] }];
    if (method === "POST") return this.#accept();
    const id = url.split("/").at(-1) ?? "";
    if (method === "DELETE" && this.jobs.has(id)) this.jobs.set(id, "cancelled");
    const status = this.jobs.get(id);
    if (!status) return [404, problem("not-found", "no job has the id")];
    return [200, url.includes("/result/") ? { ...aResult([0], status), job_id: id } : aState({ job_id: id, status })];
  }

  #accept(): [number, unknown] {
    const job_id = jobId(900 + this.jobs.size);
    this.jobs.set(job_id, "queued");
    this.listed.unshift(anItem(job_id, Date.now() / 1000, { status: "queued", images: [] }));
    return [202, { job_id, status: "queued", estimated_time: 3, warnings: ["warned"] }];
  }
}

function problem(type: string, detail: string) {
  return { type: `urn:lora-studio:problem:${type}`, detail };
}

async function read(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : null;
}
