import { Link } from '@tanstack/react-router';

/** Sub-pages of one thing; each is an address of its own. */
export function Tabs({ label, items }: { label: string; items: { to: string; text: string; exact?: boolean }[] }) {
  return (
    <nav className="tabs" aria-label={label}>
      {items.map(({ to, text, exact }) => (
        <Link key={to} to={to} activeOptions={{ exact: exact ?? false }} activeProps={{ className: 'active', 'aria-current': 'page' }}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
