import { App } from 'aws-cdk-lib';
import cdkJson from '../cdk.json' with { type: 'json' };
import { addPlatform } from '../lib/platform.ts';

// The CLI passes the same context again and lays its `-c` options over it; without the CLI, cdk.json still counts.
const app = new App({ context: cdkJson.context });
addPlatform(app);
app.synth();
