// Judges FHIR R4 resources: one JSON list of [name, resource] in, the messages of each out. The
// folder of the package is the first argument.
const { Fhir } = require(process.argv[2]);
const fhir = new Fhir();
let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const found = JSON.parse(text).map(([name, resource]) => {
    const said = fhir.validate(resource, { errorOnUnexpected: true });
    const errors = said.messages.filter((m) => m.severity === "error" || m.severity === "fatal");
    return [name, errors.map((m) => `${m.location}: ${m.message}`)];
  });
  process.stdout.write(JSON.stringify(found));
});
