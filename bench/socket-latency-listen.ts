import pg from 'pg';

/** The reference: nothing but LISTEN on the channel that Odoo notifies. */
export interface BareListen {
  /** when the notification of this event arrived, epoch ms */
  heard(event: number): Promise<number>;
  end(): Promise<void>;
}

export async function bareListen(url: string): Promise<BareListen> {
  const client = new pg.Client({ connectionString: url, application_name: 'creativeflow-bench' });
  const arrived = new Map<number, number>();
  let waiting: { event: number; resolve: (at: number) => void } | undefined;
  client.on('notification', ({ payload }) => {
    const at = performance.timeOrigin + performance.now();
    if (waiting?.event === Number(payload)) waiting.resolve(at);
    else arrived.set(Number(payload), at);
  });
  await client.connect();
  await client.query('LISTEN mlops_event');
  return {
    heard: (event) =>
      new Promise((resolve) => {
        const at = arrived.get(event);
        arrived.clear();
        if (at !== undefined) resolve(at);
        else waiting = { event, resolve };
      }),
    end: () => client.end(),
  };
}
