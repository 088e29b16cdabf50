import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { AgentConfig } from './agent-config.ts';

/** Programs that the settings need and that this machine has not, one line each, with the setting that needs them. */
export function missingPrograms(config: AgentConfig, searchPath: string | undefined): readonly string[] {
  return neededPrograms(config)
    .filter(([, program]) => !isProgram(program, searchPath))
    .map(([setting, program]) => `${setting}: the program ${program} is missing`);
}

function neededPrograms({ clock, jobs, token, updates }: AgentConfig): readonly (readonly [string, string])[] {
  const needed: [string, string][] = [];
  const [clockProgram] = clock.setCommand ?? [];
  if (clockProgram !== undefined) needed.push(['clock.setCommand', clockProgram]);
  const [rebootProgram] = jobs.rebootCommand ?? [];
  if (rebootProgram !== undefined) needed.push(['jobs.rebootCommand', rebootProgram]);
  if (token !== undefined) needed.push(['token.tool', token.tool ?? 'pkcs11-tool']);
  if (updates.adapter === 'rauc') needed.push(['updates.adapter', 'rauc']);
  if (updates.adapter === 'swupdate') {
    for (const program of [updates.swupdate.program, 'fw_printenv', 'fw_setenv']) {
      needed.push(['updates.adapter', program]);
    }
  }
  return needed;
}

function isProgram(program: string, searchPath = ''): boolean {
  const places = program.includes('/') ? [program] : searchPath.split(delimiter).map((place) => join(place, program));
  return places.some((file) => {
    try {
      accessSync(file, constants.X_OK);
      return isAbsolute(file) && statSync(file).isFile();
    } catch {
      return false;
    }
  });
}
