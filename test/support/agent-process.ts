import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { askAgent } from '../../device-client/src/agent/control-socket.ts';
import type { TestPlatform } from './platform.ts';

export interface AgentHealth {
  readonly state: string;
  readonly bootId: number;
  readonly thingName?: string;
  readonly certificate?: { readonly id: string };
  readonly connection: { readonly connected: boolean; readonly lastFailure?: string };
  readonly queue: { readonly depth: number };
  readonly clock: { readonly kind: string; readonly offset?: number };
  readonly rotation: string;
  readonly features: Record<string, unknown>;
  readonly lastError: { readonly message: string } | null;
}

/** The agent as a service runs it: `device-client run` with a configuration file. */
export interface AgentProcess {
  readonly child: ChildProcess;
  readonly socket: string;
  /** Lines of its log. */
  readonly lines: { readonly level: string; readonly message: string; readonly [field: string]: unknown }[];
  /** Everything that it has written. */
  output(): string;
  health(): Promise<AgentHealth>;
  ask(method: string, path: string, body?: object): Promise<{ status: number; body?: object | undefined }>;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

export interface AgentProcessOptions {
  readonly directory: string;
  readonly config: object;
  readonly environment?: Readonly<Record<string, string>>;
  /** Words behind the command. */
  readonly args?: readonly string[];
}

export function startAgent({ args = [], config, directory, environment = {} }: AgentProcessOptions): AgentProcess {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'device-client.json');
  const socket = join(directory, 'agent.sock');
  writeFileSync(file, JSON.stringify({ stateDirectory: join(directory, 'state'), socket, ...config }));
  const entry = join(PROJECT_ROOT, 'device-client/bin/device-client.mjs');
  const child = spawn(process.execPath, [entry, 'run', '--config', file, '--allow-root', ...args], {
    env: { ...process.env, ...environment },
  });
  let text = '';
  const lines: AgentProcess['lines'] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    const parts = (rest + part).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) lines.push(JSON.parse(line));
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const ask: AgentProcess['ask'] = (method, path, body) => askAgent(socket, method, path, body);
  return {
    child,
    socket,
    lines,
    output: () => text,
    ask,
    health: async () => (await ask('GET', '/health')).body as AgentHealth,
    ended,
  };
}

/** Settings of an agent of the test platform. */
export function agentSettings(platform: TestPlatform, serialNumber: string): object {
  const { description, outputs } = platform;
  const claimFile = join(platform.directory, 'claim.json');
  writeFileSync(claimFile, JSON.stringify(platform.claim), { mode: 0o600 });
  return {
    endpoint: { host: description.mqttHost, port: description.mqttPort, caFile: description.caFile },
    device: {
      serialNumber,
      site: outputs.Sites.split(',')[0],
      deviceType: outputs.DeviceTypes.split(',')[0],
    },
    claimFile,
    clock: { url: description.apiUrl },
  };
}
