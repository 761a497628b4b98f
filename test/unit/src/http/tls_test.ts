/** Owns the tests of src/http/tls.ts. @module */
import { assertEquals } from "@std/assert";
import { tlsProblem } from "../../../../src/http/tls.ts";
import { skip } from "../../../kernel/skip.ts";
import { makeTls, whyNoOpenssl } from "../../../tls_files.ts";

const NO_CERTIFICATE =
  "Cannot use the TLS certificate: expected a certificate in PEM, found none";
const NO_KEY =
  "Cannot use the TLS key: expected a private key in PEM that is not encrypted, found none";
const missing = whyNoOpenssl();
if (missing !== undefined) skip("tlsProblem()", missing);

function tlsTest(name: string, fn: () => void): void {
  Deno.test({ name, ignore: missing !== undefined, fn });
}

tlsTest(
  "tlsProblem() finds nothing wrong with a certificate and its key of every usual kind",
  () => {
    const kinds = [
      ["rsa:2048"],
      ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
      ["ed25519"],
    ];
    for (const kind of kinds) {
      assertEquals(tlsProblem(makeTls(kind)), undefined, kind.join(" "));
    }
    const { cert, key } = makeTls();
    const chain = `Bag Attributes\n${cert}\n${makeTls().cert}`;
    assertEquals(tlsProblem({ cert: chain, key }), undefined);
  },
);

tlsTest(
  "tlsProblem() says in one sentence what is wrong, and shows nothing of either text",
  () => {
    const { cert, key } = makeTls();
    assertEquals(tlsProblem({ cert: "", key }), NO_CERTIFICATE);
    assertEquals(tlsProblem({ cert: "nonsense", key }), NO_CERTIFICATE);
    assertEquals(tlsProblem({ cert: key, key }), NO_CERTIFICATE);
    assertEquals(tlsProblem({ cert, key: "" }), NO_KEY);
    assertEquals(tlsProblem({ cert, key: cert }), NO_KEY);
    assertEquals(
      tlsProblem({ cert, key: makeTls().key }),
      "Cannot use the TLS key: it does not belong to the certificate",
    );
    assertEquals(
      tlsProblem(makeTls(["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"])),
      "Cannot use the TLS key: expected RSA of 2048 bits or more, ECDSA on P-256, P-384 or P-521, or Ed25519",
    );
    const torn = cert.replace(/\n(.{20}).*\n/, "\n$1\n");
    assertEquals(
      tlsProblem({ cert: torn, key })?.startsWith("Cannot use the TLS"),
      true,
    );
  },
);
