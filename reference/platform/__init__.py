"""What Supabase gives a project: PostgreSQL, PostgREST, Auth and one gateway URL."""
