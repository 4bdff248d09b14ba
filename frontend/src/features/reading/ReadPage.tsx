export function ReadPage() {
  return <main />;
}
