/** One answer, as far as `maxBytes`. */
export interface OutboundAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface OutboundRequest {
  method: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** from the first byte sent to the last byte read */
  deadlineMs: number;
  /** of the answer's body; what comes after it is not read */
  maxBytes: number;
  signal?: AbortSignal;
}

/**
 * Requests to addresses that people configured: webhooks, an environment's gateway. Throws
 * Forbidden `outbound-refused` when the address may not be asked, Unavailable `outbound-failed`
 * when it did not answer; neither says more.
 */
export interface OutboundPort {
  request(url: string, request: OutboundRequest): Promise<OutboundAnswer>;
}
