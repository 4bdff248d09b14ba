/** One door to the server: tenant prefix, CSRF, JSON, and every failure as an `ApiProblem` with a stable code. */

export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

interface ProblemBody {
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  remedy?: string;
  errors?: FieldProblem[];
  [extra: string]: unknown;
}

/** A refusal by the server (RFC 9457), or `network` when no answer came. Pages switch on `code` only. */
export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly remedy: string;
  readonly errors: FieldProblem[];
  readonly body: ProblemBody;

  constructor(status: number, body: ProblemBody) {
    super(body.detail ?? body.title ?? body.code ?? `HTTP ${status}`);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = body.code ?? (status === 0 ? 'network' : 'unexpected');
    this.remedy = body.remedy ?? '';
    this.errors = body.errors ?? [];
    this.body = body;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Slug whose `/t/<slug>` prefix the path takes; absent for the session endpoints. */
  tenant?: string | undefined;
  query?: Query;
  /** A plain object is sent as JSON; bytes and blobs as they are. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Same key, same answer: the server creates once however often the request is repeated. */
  idempotencyKey?: string;
  ifMatch?: string | null;
  keepalive?: boolean;
}

let signedOutHandler: () => void = () => undefined;

/** Called whenever the server answers 401 `signed-out`. */
export function onSignedOut(handler: () => void): void {
  signedOutHandler = handler;
}

export function apiUrl(path: string, tenant?: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const tail = search.size > 0 ? `?${search}` : '';
  return `${tenant ? `/t/${encodeURIComponent(tenant)}` : ''}${path}${tail}`;
}

export function csrfToken(): string {
  const pair = document.cookie.split('; ').find((entry) => entry.startsWith('csrftoken='));
  return pair ? decodeURIComponent(pair.slice('csrftoken='.length)) : '';
}

function isRaw(body: unknown): body is BodyInit {
  return body instanceof Blob || body instanceof ArrayBuffer || body instanceof Uint8Array || typeof body === 'string';
}

/** Sends one request and returns the raw response. Throws `ApiProblem` for every non-2xx and for no answer at all. */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const method = options.method ?? 'GET';
  const headers = new Headers(options.headers);
  if (!headers.has('Accept')) headers.set('Accept', 'application/json, application/problem+json');
  if (method !== 'GET') headers.set('X-CSRFToken', csrfToken());
  if (options.idempotencyKey) headers.set('Idempotency-Key', options.idempotencyKey);
  if (options.ifMatch) headers.set('If-Match', options.ifMatch);
  const init: RequestInit = { method, headers, credentials: 'same-origin', keepalive: options.keepalive ?? false };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    if (isRaw(options.body)) init.body = options.body;
    else {
      headers.set('Content-Type', 'application/json');
      init.body = JSON.stringify(options.body);
    }
  }
  let response: Response;
  try {
    response = await fetch(apiUrl(path, options.tenant, options.query), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiProblem(0, { code: 'network' });
  }
  if (!response.ok) throw await problemFrom(response);
  return response;
}

async function problemFrom(response: Response): Promise<ApiProblem> {
  const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
  const body: ProblemBody = isJson ? await response.json().catch(() => ({})) : {};
  const problem = new ApiProblem(response.status, body);
  if (problem.code === 'signed-out') signedOutHandler();
  return problem;
}

/** Sends a request and decodes the JSON answer (undefined for 204). */
export async function request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await send(path, options);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

/** A JSON answer with its ETag, for edits that must not overwrite a newer one. */
export async function requestWithETag<Answer>(
  path: string,
  options: RequestOptions = {},
): Promise<{ value: Answer; etag: string | null }> {
  const response = await send(path, options);
  return { value: (await response.json()) as Answer, etag: response.headers.get('ETag') };
}
