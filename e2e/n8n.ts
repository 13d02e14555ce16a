import type { StackFacts } from '../stack/facts.ts';

/**
 * The two calls that n8n's stock Odoo node makes: log in with the key as password, then `execute`
 * with positional arguments.
 */
export async function readEndpointsLikeN8n(
  facts: StackFacts,
  name: string,
): Promise<Record<string, unknown>[]> {
  const uid = await call<number>(facts, 'common', 'login', [
    facts.odooDatabase,
    'n8n',
    facts.n8nKey,
  ]);
  const fields = ['name', 'url', 'protocol', 'version', 'is_available', 'changed_at'];
  return call(facts, 'object', 'execute', [
    facts.odooDatabase,
    uid,
    facts.n8nKey,
    'mlops.endpoint',
    'search_read',
    [['name', 'ilike', name]],
    fields,
    0,
    10,
  ]);
}

async function call<T>(
  facts: StackFacts,
  service: string,
  method: string,
  args: unknown[],
): Promise<T> {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    method: 'call',
    id: 1,
    params: { service, method, args },
  });
  const answer = await fetch(`${facts.odooUrl}/jsonrpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { result, error } = (await answer.json()) as {
    result?: T;
    error?: { data?: { message?: string } };
  };
  if (error) throw new Error(`Odoo refused n8n: ${error.data?.message ?? 'no reason given'}`);
  return result as T;
}
