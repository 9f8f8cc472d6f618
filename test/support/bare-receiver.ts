import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';

/** A request as it was sent. */
export interface Seen {
  socket: Socket;
  /** Of the connection, from 1. */
  number: number;
  head: string;
  body: Buffer;
}

export interface BareReceiver {
  port: number;
  connections: number;
}

interface BareReceiverOptions {
  host?: string;
  port?: number;
  isTls?: boolean;
  /** Sees the bytes as they come. */
  onData?: (socket: Socket, number: number) => void;
}

/** Of nobody: self-signed for 127.0.0.1, ::1 and localhost, until 2120. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkLO2+FuwKrTrUAH7
rLMGfH6wiv/12ETztHlmBg4qrFGhRANCAARZWsAPSU7fyxAsOtIUBWNSLN6CDFfn
Nmcy8PyRBy3/inelIU5kCxfyOG9iBlcRJU5xqk1RJ9KFFq4UeLGANbS6
-----END PRIVATE KEY-----`;
export const cert = `-----BEGIN CERTIFICATE-----
MIIBcjCCARigAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5hdWRpdHNp
bmsgdGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOYXVkaXRzaW5rIHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARZ
WsAPSU7fyxAsOtIUBWNSLN6CDFfnNmcy8PyRBy3/inelIU5kCxfyOG9iBlcRJU5x
qk1RJ9KFFq4UeLGANbS6o08wTTAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGH
EAAAAAAAAAAAAAAAAAAAAAEwHQYDVR0OBBYEFAVRuuyEcrz+cWTktMzWwCECGWF/
MAoGCCqGSM49BAMCA0gAMEUCIA6zzzI9IKO/6XuymAhwCYgEVkMlisb50Zx6ookP
WunCAiEAzMA7wwFZva2Uw6qN2G9pSAQZMpLXHLX0gCx6JOGP3E0=
-----END CERTIFICATE-----`;

/** Takes requests off the bare socket, so that the answers can be written as no HTTP server would. */
export async function receive(
  t: TestContext,
  answer: (seen: Seen) => void,
  { host = '127.0.0.1', port = 0, isTls = false, onData }: BareReceiverOptions = {},
): Promise<BareReceiver> {
  const sockets = new Set<Socket>();
  const receiver = { port: 0, connections: 0 };
  const onConnection = (socket: Socket): void => {
    sockets.add(socket);
    receiver.connections += 1;
    const number = receiver.connections;
    let pieces: Buffer[] = [];
    let missing = 0;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      onData?.(socket, number);
      pieces.push(piece);
      missing -= piece.length;
      if (missing > 0) return;
      const bytes = Buffer.concat(pieces);
      pieces = [bytes];
      const headEnd = bytes.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = bytes.toString('latin1', 0, headEnd);
      missing = headEnd + 4 + Number(/content-length: (\d+)/.exec(head)?.[1]) - bytes.length;
      if (missing > 0) return;
      pieces = [];
      missing = 0;
      answer({ socket, number, head, body: bytes.subarray(headEnd + 4) });
    });
  };
  const server = isTls ? createTlsServer({ key, cert }, onConnection) : createServer(onConnection);
  server.on('tlsClientError', () => {});
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(port, host);
  await once(server, 'listening');
  receiver.port = (server.address() as AddressInfo).port;
  return receiver;
}
