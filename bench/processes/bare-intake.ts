import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The ceiling of an intake: `node:http` that reads each body and answers 202, with nothing behind it. */
const server = createServer((request, response) => {
  request.on('data', () => {});
  request.on('end', () => {
    response.writeHead(202).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
