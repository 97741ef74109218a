// Text imports (`with { type: "text" }`), for Bun's type checker; Deno knows them by itself.
declare module "*.html" {
  const text: string;
  export default text;
}
