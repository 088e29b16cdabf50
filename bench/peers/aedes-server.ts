import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';

/** Child-process entry: bare aedes behind Node's TLS server, memory persistence. */
const [, , caFile, certificateFile, keyFile] = process.argv as [string, string, string, string, string];
const broker = await Aedes.createBroker();
const server = createServer(
  {
    ca: readFileSync(caFile),
    cert: readFileSync(certificateFile),
    key: readFileSync(keyFile),
    requestCert: true,
    rejectUnauthorized: true,
  },
  (socket) => broker.handle(socket),
);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
process.on('disconnect', () => process.exit(0));
