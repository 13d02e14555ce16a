import { startBridge } from './app.ts';
import { readConfig } from './config.ts';
import { lastResort, onUncaught } from './last-resort.ts';
import { createLog } from './log.ts';

const STOP_DEADLINE_MS = 20_000;

try {
  const config = readConfig(process.env);
  const log = createLog(config.LOG_LEVEL);
  let stopBridge = async (): Promise<void> => undefined;
  onUncaught(lastResort({ log, stop: () => stopBridge(), exit: (code) => process.exit(code) }));
  const bridge = await startBridge(config, log);
  stopBridge = () => bridge.stop();
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'bridge.stopping');
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    void bridge.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
