SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.account (
    id character varying(32) NOT NULL,
    email character varying(254) NOT NULL,
    password_hash character varying(255) NOT NULL,
    is_operator boolean NOT NULL,
    created_at_s double precision NOT NULL,
    disabled_at_s double precision
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.answer (
    asked_by character varying(255) NOT NULL,
    key character varying(255) NOT NULL,
    request_sha256 character varying(64) NOT NULL,
    job_id character varying(32) NOT NULL,
    body json NOT NULL,
    created_at_s double precision NOT NULL
);
CREATE TABLE public.api_key (
    id character varying(32) NOT NULL,
    account_id character varying(32) NOT NULL,
    name character varying(64) NOT NULL,
    key_sha256 character varying(64) NOT NULL,
    scopes json NOT NULL,
    created_at_s double precision NOT NULL,
    expires_at_s double precision,
    last_used_at_s double precision,
    revoked_at_s double precision
);
CREATE TABLE public.doomed_object (
    storage_key character varying(255) NOT NULL,
    due_at_s double precision NOT NULL,
    num_tries integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.engagement (
    id integer NOT NULL,
    kind character varying(16) NOT NULL,
    created_at_s double precision NOT NULL,
    owner character varying(255) NOT NULL,
    job_id character varying(32) NOT NULL,
    image_id character varying(40),
    model character varying(160),
    lora_sha256s json NOT NULL
);
CREATE SEQUENCE public.engagement_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.engagement_id_seq OWNED BY public.engagement.id;
CREATE TABLE public.generation (
    job_id character varying(32) NOT NULL,
    owner character varying(255) NOT NULL,
    counted_by character varying(255) NOT NULL,
    created_at_s double precision NOT NULL,
    day integer NOT NULL,
    num_images integer NOT NULL,
    num_finished integer NOT NULL,
    gpu_s double precision NOT NULL,
    reserved_gpu_s double precision NOT NULL
);
CREATE TABLE public.image (
    id character varying(40) NOT NULL,
    job_id character varying(32) NOT NULL,
    n integer NOT NULL,
    seed bigint NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    content_type character varying(32) NOT NULL,
    num_bytes integer NOT NULL,
    storage_key character varying(255) NOT NULL,
    thumbnail_key character varying(255),
    queued_at_s double precision NOT NULL,
    started_at_s double precision NOT NULL,
    finished_at_s double precision NOT NULL,
    encode_s double precision NOT NULL,
    step_share_s double precision NOT NULL,
    decode_s double precision NOT NULL,
    lora_sha256s json NOT NULL,
    base_sha256 character varying(64) NOT NULL,
    downloads integer DEFAULT 0 NOT NULL,
    is_favorite boolean DEFAULT false NOT NULL
);
CREATE TABLE public.job (
    id character varying(32) NOT NULL,
    owner character varying(255) NOT NULL,
    status character varying(16) NOT NULL,
    prompt text NOT NULL,
    final_prompt text NOT NULL,
    negative_prompt text NOT NULL,
    num_images integer NOT NULL,
    quality character varying(16) NOT NULL,
    num_inference_steps integer NOT NULL,
    guidance_scale double precision NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    seed bigint NOT NULL,
    sampler character varying(32) NOT NULL,
    image_format character varying(8) NOT NULL,
    model character varying(160),
    loras json NOT NULL,
    base_name character varying(255) NOT NULL,
    base_sha256 character varying(64) NOT NULL,
    attempt integer NOT NULL,
    lost_leases integer NOT NULL,
    lease_owner character varying(64),
    lease_until double precision NOT NULL,
    num_events integer NOT NULL,
    error_code character varying(32),
    error_detail text,
    created_at_s double precision NOT NULL,
    started_at_s double precision,
    finished_at_s double precision,
    style character varying(32),
    embed_parameters character varying(8) DEFAULT 'full'::character varying NOT NULL,
    guidance_start double precision DEFAULT '0'::double precision NOT NULL,
    guidance_end double precision DEFAULT '1'::double precision NOT NULL,
    address character varying(64),
    key_id character varying(32),
    end_user character varying(128),
    comparison json,
    CONSTRAINT ck_job_ck_job_status CHECK (((status)::text = ANY ((ARRAY['queued'::character varying, 'processing'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);
CREATE TABLE public.job_event (
    job_id character varying(32) NOT NULL,
    seq integer NOT NULL,
    name character varying(16) NOT NULL,
    data json NOT NULL,
    created_at_s double precision NOT NULL
);
CREATE TABLE public.login (
    token_sha256 character varying(64) NOT NULL,
    account_id character varying(32) NOT NULL,
    created_at_s double precision NOT NULL,
    expires_at_s double precision NOT NULL
);
CREATE TABLE public.login_attempt (
    id integer NOT NULL,
    address character varying(64) NOT NULL,
    account_sha256 character varying(64) NOT NULL,
    created_at_s double precision NOT NULL
);
CREATE SEQUENCE public.login_attempt_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.login_attempt_id_seq OWNED BY public.login_attempt.id;
CREATE TABLE public.lora (
    label character varying(160) NOT NULL,
    name character varying(64) NOT NULL,
    version character varying(64),
    sha256 character varying(64) NOT NULL,
    short_hash character varying(12) NOT NULL,
    num_bytes bigint NOT NULL,
    rank integer NOT NULL,
    num_modules integer NOT NULL,
    has_text_encoder boolean NOT NULL,
    trigger text,
    title text,
    base_model character varying(255),
    file_metadata json NOT NULL,
    loaded_at_s double precision NOT NULL,
    default_weight double precision
);
CREATE TABLE public.lora_choice (
    target character varying(160) NOT NULL,
    pinned_version character varying(64),
    trigger text,
    weight double precision
);
CREATE TABLE public.lora_use (
    sha256 character varying(64) NOT NULL,
    num_jobs integer NOT NULL
);
CREATE TABLE public.one_time_code (
    code_sha256 character varying(64) NOT NULL,
    account_id character varying(32),
    expires_at_s double precision NOT NULL
);
CREATE TABLE public.registration (
    account_id character varying(32) NOT NULL,
    address character varying(64) NOT NULL,
    created_at_s double precision NOT NULL
);
CREATE TABLE public.stream_token (
    token_sha256 character varying(64) NOT NULL,
    job_id character varying(32) NOT NULL,
    expires_at_s double precision NOT NULL
);
ALTER TABLE ONLY public.engagement ALTER COLUMN id SET DEFAULT nextval('public.engagement_id_seq'::regclass);
ALTER TABLE ONLY public.login_attempt ALTER COLUMN id SET DEFAULT nextval('public.login_attempt_id_seq'::regclass);
INSERT INTO public.account VALUES ('2bd11560292b67de808d70f3d537188f', 'ada@example.org', '$argon2id$v=19$m=65536,t=3,p=4$U7GRhPr1zmrLzXaOyu+vDg$pjVR0CTV2meN1sXO8Mo4Jq956JnWzT/kuzBT911CcoE', false, 1795810898.671851, NULL);
INSERT INTO public.alembic_version VALUES ('0010');
INSERT INTO public.engagement VALUES (1, 'favorited', 1795810899.556192, 'user:2bd11560292b67de808d70f3d537188f', 'ad19c1326c5142b1a13fda98c501522c', 'ad19c1326c5142b1a13fda98c501522c-1', 'jade-v1', '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]');
INSERT INTO public.engagement VALUES (2, 'downloaded', 1795810899.579022, 'user:2bd11560292b67de808d70f3d537188f', 'ad19c1326c5142b1a13fda98c501522c', 'ad19c1326c5142b1a13fda98c501522c-1', 'jade-v1', '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]');
INSERT INTO public.engagement VALUES (3, 'deleted', 1795810899.598462, 'user:2bd11560292b67de808d70f3d537188f', 'ad19c1326c5142b1a13fda98c501522c', 'ad19c1326c5142b1a13fda98c501522c-3', 'jade-v1', '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]');
INSERT INTO public.generation VALUES ('ad19c1326c5142b1a13fda98c501522c', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810898.714079, 20784, 3, 3, 6.999999999999999e-06, 0);
INSERT INTO public.generation VALUES ('5cc481acee3e0570e04062002d21b35a', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810898.881281, 20784, 1, 1, 5.999999999999999e-06, 0);
INSERT INTO public.generation VALUES ('e4414f2d803bf7c47380c5e5d9b0ed82', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810898.933671, 20784, 2, 1, 2e-06, 0);
INSERT INTO public.generation VALUES ('f5f125dad97b1dc4754c182ec8da1a3b', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810898.991524, 20784, 2, 2, 6.999999999999999e-06, 0);
INSERT INTO public.generation VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810899.109333, 20784, 16, 16, 1.9999999999999998e-05, 0);
INSERT INTO public.generation VALUES ('a08854ab1b29ae6eaf9256434b4c5b2f', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810899.627981, 20784, 2, 0, 0, 0);
INSERT INTO public.generation VALUES ('a52db43453054c1b7721746f63dcbc3d', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810899.682004, 20784, 3, 1, 4.333333333333333e-06, 5.666666666666666e-06);
INSERT INTO public.generation VALUES ('d35596bd11c9438b5d4ff83be8b3496d', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810900.244732, 20784, 2, 0, 0, 4e-06);
INSERT INTO public.generation VALUES ('9e7f4cd84c8a2a52a7c0e14a7cdb2454', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810900.267127, 20784, 4, 0, 0, 2.003434304304021e-06);
INSERT INTO public.generation VALUES ('98bfd69e5b1cff2ec3e81ba6730e2977', 'user:2bd11560292b67de808d70f3d537188f', 'user:2bd11560292b67de808d70f3d537188f', 1795810900.288347, 20784, 1, 0, 0, 7e-06);
INSERT INTO public.image VALUES ('ad19c1326c5142b1a13fda98c501522c-2', 'ad19c1326c5142b1a13fda98c501522c', 2, 0, 32, 32, 'image/jpeg', 2116, 'generations/ad19c1326c5142b1a13fda98c501522c/ad19c1326c5142b1a13fda98c501522c-2.jpg', NULL, 1795810898.714079, 1795810898.7655096, 1795810898.851721, 0, 1.3333333333333332e-06, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('5cc481acee3e0570e04062002d21b35a-1', '5cc481acee3e0570e04062002d21b35a', 1, 7, 32, 32, 'image/png', 866, 'generations/5cc481acee3e0570e04062002d21b35a/5cc481acee3e0570e04062002d21b35a-1.png', NULL, 1795810898.881281, 1795810898.897102, 1795810898.914442, 0, 4.9999999999999996e-06, 1e-06, '[]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('e4414f2d803bf7c47380c5e5d9b0ed82-1', 'e4414f2d803bf7c47380c5e5d9b0ed82', 1, 12, 32, 32, 'image/jpeg', 2122, 'generations/e4414f2d803bf7c47380c5e5d9b0ed82/e4414f2d803bf7c47380c5e5d9b0ed82-1.jpg', NULL, 1795810898.933671, 1795810898.9499187, 1795810898.966156, 0, 1e-06, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('f5f125dad97b1dc4754c182ec8da1a3b-2', 'f5f125dad97b1dc4754c182ec8da1a3b', 2, 51, 32, 32, 'image/webp', 1046, 'generations/f5f125dad97b1dc4754c182ec8da1a3b/f5f125dad97b1dc4754c182ec8da1a3b-2.webp', NULL, 1795810898.991524, 1795810899.0068219, 1795810899.069743, 0, 2.4999999999999998e-06, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('f5f125dad97b1dc4754c182ec8da1a3b-1', 'f5f125dad97b1dc4754c182ec8da1a3b', 1, 50, 32, 32, 'image/webp', 1042, 'generations/f5f125dad97b1dc4754c182ec8da1a3b/f5f125dad97b1dc4754c182ec8da1a3b-1.webp', NULL, 1795810898.991524, 1795810899.0068219, 1795810899.082626, 0, 2.4999999999999998e-06, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-1', '92c5f41ef33a3aaa2d3782dbad519e45', 1, 5, 32, 32, 'image/jpeg', 2131, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-1.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.174831, 0, 2.5e-07, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-3', '92c5f41ef33a3aaa2d3782dbad519e45', 3, 5, 32, 32, 'image/jpeg', 2072, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-3.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.236837, 0, 2.5e-07, 1e-06, '["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-10', '92c5f41ef33a3aaa2d3782dbad519e45', 10, 5, 32, 32, 'image/jpeg', 2195, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-10.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.302918, 0, 2.5e-07, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-4', '92c5f41ef33a3aaa2d3782dbad519e45', 4, 5, 32, 32, 'image/jpeg', 1946, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-4.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.333057, 0, 2.5e-07, 1e-06, '[]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-9', '92c5f41ef33a3aaa2d3782dbad519e45', 9, 5, 32, 32, 'image/jpeg', 2183, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-9.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.341167, 0, 2.5e-07, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-8', '92c5f41ef33a3aaa2d3782dbad519e45', 8, 9, 32, 32, 'image/jpeg', 2013, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-8.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.35368, 0, 2.5e-07, 1e-06, '[]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-7', '92c5f41ef33a3aaa2d3782dbad519e45', 7, 9, 32, 32, 'image/jpeg', 2083, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-7.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.365216, 0, 2.5e-07, 1e-06, '["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-6', '92c5f41ef33a3aaa2d3782dbad519e45', 6, 9, 32, 32, 'image/jpeg', 2106, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-6.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.379081, 0, 2.5e-07, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-5', '92c5f41ef33a3aaa2d3782dbad519e45', 5, 9, 32, 32, 'image/jpeg', 2131, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-5.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.397114, 0, 2.5e-07, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-2', '92c5f41ef33a3aaa2d3782dbad519e45', 2, 5, 32, 32, 'image/jpeg', 2126, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-2.jpg', NULL, 1795810899.109333, 1795810899.130786, 1795810899.408522, 0, 2.5e-07, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-15', '92c5f41ef33a3aaa2d3782dbad519e45', 15, 9, 32, 32, 'image/jpeg', 2071, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-15.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.421906, 0, 2.5e-07, 1e-06, '["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-12', '92c5f41ef33a3aaa2d3782dbad519e45', 12, 5, 32, 32, 'image/jpeg', 2057, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-12.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.432599, 0, 2.5e-07, 1e-06, '["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('a52db43453054c1b7721746f63dcbc3d-1', 'a52db43453054c1b7721746f63dcbc3d', 1, 30, 32, 32, 'image/jpeg', 2157, 'generations/a52db43453054c1b7721746f63dcbc3d/a52db43453054c1b7721746f63dcbc3d-1.jpg', NULL, 1795810899.682004, 1795810899.7040515, 1795810899.725839, 0, 3.333333333333333e-06, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-11', '92c5f41ef33a3aaa2d3782dbad519e45', 11, 5, 32, 32, 'image/jpeg', 2086, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-11.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.448622, 0, 2.5e-07, 1e-06, '["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-14', '92c5f41ef33a3aaa2d3782dbad519e45', 14, 9, 32, 32, 'image/jpeg', 2192, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-14.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.459717, 0, 2.5e-07, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-13', '92c5f41ef33a3aaa2d3782dbad519e45', 13, 9, 32, 32, 'image/jpeg', 2145, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-13.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.476659, 0, 2.5e-07, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.image VALUES ('ad19c1326c5142b1a13fda98c501522c-1', 'ad19c1326c5142b1a13fda98c501522c', 1, 4294967295, 32, 32, 'image/jpeg', 2145, 'generations/ad19c1326c5142b1a13fda98c501522c/ad19c1326c5142b1a13fda98c501522c-1.jpg', NULL, 1795810898.714079, 1795810898.7655096, 1795810898.825254, 0, 1.3333333333333332e-06, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, true);
INSERT INTO public.image VALUES ('92c5f41ef33a3aaa2d3782dbad519e45-16', '92c5f41ef33a3aaa2d3782dbad519e45', 16, 9, 32, 32, 'image/jpeg', 2073, 'generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-16.jpg', NULL, 1795810899.109333, 1795810899.1529794, 1795810899.491657, 0, 2.5e-07, 1e-06, '["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 0, false);
INSERT INTO public.job VALUES ('ad19c1326c5142b1a13fda98c501522c', 'user:2bd11560292b67de808d70f3d537188f', 'completed', 'red dress, beach', 'jade woman, red dress, beach', 'low quality, blurry, distorted', 3, 'high', 4, 7, 32, 32, 4294967295, 'euler', 'jpeg', 'jade-v1', '[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 4, NULL, NULL, 1795810898.714079, 1795810898.760378, 1795810898.860054, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job VALUES ('5cc481acee3e0570e04062002d21b35a', 'user:2bd11560292b67de808d70f3d537188f', 'completed', 'woman at sunset', 'woman at sunset', '', 1, 'high', 3, 1, 32, 32, 7, 'heun', 'png', NULL, '[]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 2, NULL, NULL, 1795810898.881281, 1795810898.895341, 1795810898.918596, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job VALUES ('d35596bd11c9438b5d4ff83be8b3496d', 'user:2bd11560292b67de808d70f3d537188f', 'processing', 'jade woman, red dress', 'jade woman, red dress', 'low quality, blurry, distorted', 2, 'high', 4, 7, 32, 32, 60, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, '24ca0d804b9e49d503ff49db8be578e0/a73e2300', 1795810910.25988, 0, NULL, NULL, 1795810900.244732, 1795810900.259887, NULL, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job VALUES ('e4414f2d803bf7c47380c5e5d9b0ed82', 'user:2bd11560292b67de808d70f3d537188f', 'failed', 'red woman', 'jade woman, red woman', 'low quality, blurry, distorted', 2, 'high', 2, 7, 32, 32, 12, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 2, 'nan', 'picture 2: the picture came out as not-a-number', 1795810898.933671, 1795810898.947609, 1795810898.973699, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job VALUES ('f5f125dad97b1dc4754c182ec8da1a3b', 'user:2bd11560292b67de808d70f3d537188f', 'completed', 'red dress <lora:amber:0.5>', 'jade woman, red dress, sketch', 'low quality, blurry, distorted', 2, 'high', 5, 7, 32, 32, 50, 'euler', 'webp', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 3, NULL, NULL, 1795810898.991524, 1795810899.005001, 1795810899.09035, 'sketch', 'minimal', 0.1, 0.7, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job VALUES ('9e7f4cd84c8a2a52a7c0e14a7cdb2454', 'user:2bd11560292b67de808d70f3d537188f', 'processing', 'red dress
woman', 'jade woman, red dress
jade woman, woman', 'low quality, blurry, distorted', 4, 'high', 2, 7, 32, 32, 5, 'euler', 'jpeg', 'jade-v1', '[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, '24ca0d804b9e49d503ff49db8be578e0/a73e2300', 1795810910.282485, 0, NULL, NULL, 1795810900.267127, 1795810900.282495, NULL, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, '{"prompts": ["red dress", "woman"], "seeds": [5], "variants": ["jade-v1:0.9", "no LoRA"], "cells": [[{"final_prompt": "jade woman, red dress", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]}, {"final_prompt": "red dress", "loras": []}], [{"final_prompt": "jade woman, woman", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]}, {"final_prompt": "woman", "loras": []}]]}');
INSERT INTO public.job VALUES ('98bfd69e5b1cff2ec3e81ba6730e2977', 'user:2bd11560292b67de808d70f3d537188f', 'processing', 'red woman', 'jade woman, red woman', 'low quality, blurry, distorted', 1, 'high', 10, 7, 32, 32, 61, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, '24ca0d804b9e49d503ff49db8be578e0/a73e2300', 1795810910.301067, 0, NULL, NULL, 1795810900.288347, 1795810900.301075, NULL, NULL, 'full', 0, 0.4, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 'user:2bd11560292b67de808d70f3d537188f', 'completed', 'red dress
beach <lora:amber:0.5>', 'jade woman, red dress
jade woman, beach', 'low quality, blurry, distorted', 16, 'high', 2, 7, 32, 32, 5, 'euler', 'jpeg', 'jade-v1', '[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}, {"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.2}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 17, NULL, NULL, 1795810899.109333, 1795810899.127536, 1795810899.502533, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, '{"prompts": ["red dress", "beach <lora:amber:0.5>"], "seeds": [5, 9], "variants": ["jade-v1:0.9", "jade-v2:0.4", "amber:0.2", "no LoRA"], "cells": [[{"final_prompt": "jade woman, red dress", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]}, {"final_prompt": "jade woman, red dress", "loras": [{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}]}, {"final_prompt": "red dress", "loras": [{"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.2}]}, {"final_prompt": "red dress", "loras": []}], [{"final_prompt": "jade woman, beach", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]}, {"final_prompt": "jade woman, beach", "loras": [{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]}, {"final_prompt": "beach", "loras": [{"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.7}]}, {"final_prompt": "beach", "loras": [{"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]}]]}');
INSERT INTO public.job VALUES ('a52db43453054c1b7721746f63dcbc3d', 'user:2bd11560292b67de808d70f3d537188f', 'processing', 'dress at the beach', 'jade woman, dress at the beach', 'low quality, blurry, distorted', 3, 'high', 10, 7, 32, 32, 30, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, '24ca0d804b9e49d503ff49db8be578e0/a73e2300', 1795810909.699778, 1, NULL, NULL, 1795810899.682004, 1795810899.699784, NULL, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job VALUES ('a08854ab1b29ae6eaf9256434b4c5b2f', 'user:2bd11560292b67de808d70f3d537188f', 'cancelled', 'red woman on a beach', 'jade woman, red woman on a beach', 'low quality, blurry, distorted', 2, 'high', 3, 7, 32, 32, 3, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 1, NULL, NULL, 1795810899.627981, 1795810899.648269, 1795810899.660042, NULL, 'full', 0, 1, 'ip:testclient', NULL, NULL, NULL);
INSERT INTO public.job_event VALUES ('ad19c1326c5142b1a13fda98c501522c', 1, 'image', '{"id": "ad19c1326c5142b1a13fda98c501522c-1", "index": 0, "storage_key": "generations/ad19c1326c5142b1a13fda98c501522c/ad19c1326c5142b1a13fda98c501522c-1.jpg", "thumbnail_key": null, "seed": 4294967295, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2145}', 1795810898.825254);
INSERT INTO public.job_event VALUES ('ad19c1326c5142b1a13fda98c501522c', 3, 'image', '{"id": "ad19c1326c5142b1a13fda98c501522c-2", "index": 1, "storage_key": "generations/ad19c1326c5142b1a13fda98c501522c/ad19c1326c5142b1a13fda98c501522c-2.jpg", "thumbnail_key": null, "seed": 0, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2116}', 1795810898.851721);
INSERT INTO public.job_event VALUES ('ad19c1326c5142b1a13fda98c501522c', 4, 'completed', '{"job_id": "ad19c1326c5142b1a13fda98c501522c", "status": "completed", "images_completed": 3, "images_total": 3, "error": null}', 1795810898.860054);
INSERT INTO public.job_event VALUES ('5cc481acee3e0570e04062002d21b35a', 1, 'image', '{"id": "5cc481acee3e0570e04062002d21b35a-1", "index": 0, "storage_key": "generations/5cc481acee3e0570e04062002d21b35a/5cc481acee3e0570e04062002d21b35a-1.png", "thumbnail_key": null, "seed": 7, "width": 32, "height": 32, "content_type": "image/png", "bytes": 866}', 1795810898.914442);
INSERT INTO public.job_event VALUES ('5cc481acee3e0570e04062002d21b35a', 2, 'completed', '{"job_id": "5cc481acee3e0570e04062002d21b35a", "status": "completed", "images_completed": 1, "images_total": 1, "error": null}', 1795810898.918596);
INSERT INTO public.job_event VALUES ('e4414f2d803bf7c47380c5e5d9b0ed82', 1, 'image', '{"id": "e4414f2d803bf7c47380c5e5d9b0ed82-1", "index": 0, "storage_key": "generations/e4414f2d803bf7c47380c5e5d9b0ed82/e4414f2d803bf7c47380c5e5d9b0ed82-1.jpg", "thumbnail_key": null, "seed": 12, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2122}', 1795810898.966156);
INSERT INTO public.job_event VALUES ('e4414f2d803bf7c47380c5e5d9b0ed82', 2, 'failed', '{"job_id": "e4414f2d803bf7c47380c5e5d9b0ed82", "status": "failed", "images_completed": 1, "images_total": 2, "error": {"code": "nan", "detail": "picture 2: the picture came out as not-a-number"}}', 1795810898.973699);
INSERT INTO public.job_event VALUES ('f5f125dad97b1dc4754c182ec8da1a3b', 1, 'image', '{"id": "f5f125dad97b1dc4754c182ec8da1a3b-2", "index": 1, "storage_key": "generations/f5f125dad97b1dc4754c182ec8da1a3b/f5f125dad97b1dc4754c182ec8da1a3b-2.webp", "thumbnail_key": null, "seed": 51, "width": 32, "height": 32, "content_type": "image/webp", "bytes": 1046}', 1795810899.069743);
INSERT INTO public.job_event VALUES ('f5f125dad97b1dc4754c182ec8da1a3b', 2, 'image', '{"id": "f5f125dad97b1dc4754c182ec8da1a3b-1", "index": 0, "storage_key": "generations/f5f125dad97b1dc4754c182ec8da1a3b/f5f125dad97b1dc4754c182ec8da1a3b-1.webp", "thumbnail_key": null, "seed": 50, "width": 32, "height": 32, "content_type": "image/webp", "bytes": 1042}', 1795810899.082626);
INSERT INTO public.job_event VALUES ('f5f125dad97b1dc4754c182ec8da1a3b', 3, 'completed', '{"job_id": "f5f125dad97b1dc4754c182ec8da1a3b", "status": "completed", "images_completed": 2, "images_total": 2, "error": null}', 1795810899.09035);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 1, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-1", "index": 0, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-1.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2131}', 1795810899.174831);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 2, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-3", "index": 2, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-3.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2072}', 1795810899.236837);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 3, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-10", "index": 9, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-10.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2195}', 1795810899.302918);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 4, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-4", "index": 3, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-4.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1946}', 1795810899.333057);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 5, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-9", "index": 8, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-9.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2183}', 1795810899.341167);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 6, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-8", "index": 7, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-8.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2013}', 1795810899.35368);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 7, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-7", "index": 6, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-7.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2083}', 1795810899.365216);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 8, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-6", "index": 5, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-6.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2106}', 1795810899.379081);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 9, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-5", "index": 4, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-5.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2131}', 1795810899.397114);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 10, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-2", "index": 1, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-2.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2126}', 1795810899.408522);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 11, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-15", "index": 14, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-15.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2071}', 1795810899.421906);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 12, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-12", "index": 11, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-12.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2057}', 1795810899.432599);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 13, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-11", "index": 10, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-11.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2086}', 1795810899.448622);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 14, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-14", "index": 13, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-14.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2192}', 1795810899.459717);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 15, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-13", "index": 12, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-13.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2145}', 1795810899.476659);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 16, 'image', '{"id": "92c5f41ef33a3aaa2d3782dbad519e45-16", "index": 15, "storage_key": "generations/92c5f41ef33a3aaa2d3782dbad519e45/92c5f41ef33a3aaa2d3782dbad519e45-16.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2073}', 1795810899.491657);
INSERT INTO public.job_event VALUES ('92c5f41ef33a3aaa2d3782dbad519e45', 17, 'completed', '{"job_id": "92c5f41ef33a3aaa2d3782dbad519e45", "status": "completed", "images_completed": 16, "images_total": 16, "error": null}', 1795810899.502533);
INSERT INTO public.job_event VALUES ('a08854ab1b29ae6eaf9256434b4c5b2f', 1, 'cancelled', '{"job_id": "a08854ab1b29ae6eaf9256434b4c5b2f", "status": "cancelled", "images_completed": 0, "images_total": 2, "error": null}', 1795810899.660042);
INSERT INTO public.job_event VALUES ('a52db43453054c1b7721746f63dcbc3d', 1, 'image', '{"id": "a52db43453054c1b7721746f63dcbc3d-1", "index": 0, "storage_key": "generations/a52db43453054c1b7721746f63dcbc3d/a52db43453054c1b7721746f63dcbc3d-1.jpg", "thumbnail_key": null, "seed": 30, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2157}', 1795810899.725839);
INSERT INTO public.login VALUES ('63a0960d20c8795616d168136409e6bd7ec8738a3d928a586fc1e55701419e8f', '2bd11560292b67de808d70f3d537188f', 1795810898.675388, 1798402898.675388);
INSERT INTO public.lora VALUES ('amber', 'amber', NULL, '51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9', '92c135ebbc74', 316, 1, 1, false, NULL, NULL, 'lora-studio-demo', '{"studio.base_model": "lora-studio-demo"}', 1795810898.419046, NULL);
INSERT INTO public.lora VALUES ('jade-v1', 'jade', '1', '2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b', '94bc92e99332', 358, 1, 1, false, 'jade woman', NULL, 'lora-studio-demo', '{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}', 1795810898.419046, NULL);
INSERT INTO public.lora VALUES ('jade-v2', 'jade', '2', 'fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e', '2d8c59bb59ad', 358, 1, 1, false, 'jade woman', NULL, 'lora-studio-demo', '{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}', 1795810898.419046, NULL);
INSERT INTO public.lora_use VALUES ('51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9', 2);
INSERT INTO public.lora_use VALUES ('2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b', 3);
INSERT INTO public.lora_use VALUES ('fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e', 7);
INSERT INTO public.registration VALUES ('2bd11560292b67de808d70f3d537188f', 'ip:testclient', 1795810898.671851);
SELECT pg_catalog.setval('public.engagement_id_seq', 3, true);
SELECT pg_catalog.setval('public.login_attempt_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT pk_account PRIMARY KEY (id);
ALTER TABLE ONLY public.answer
    ADD CONSTRAINT pk_answer PRIMARY KEY (asked_by, key);
ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT pk_api_key PRIMARY KEY (id);
ALTER TABLE ONLY public.doomed_object
    ADD CONSTRAINT pk_doomed_object PRIMARY KEY (storage_key);
ALTER TABLE ONLY public.engagement
    ADD CONSTRAINT pk_engagement PRIMARY KEY (id);
ALTER TABLE ONLY public.generation
    ADD CONSTRAINT pk_generation PRIMARY KEY (job_id);
ALTER TABLE ONLY public.image
    ADD CONSTRAINT pk_image PRIMARY KEY (id);
ALTER TABLE ONLY public.job
    ADD CONSTRAINT pk_job PRIMARY KEY (id);
ALTER TABLE ONLY public.job_event
    ADD CONSTRAINT pk_job_event PRIMARY KEY (job_id, seq);
ALTER TABLE ONLY public.login
    ADD CONSTRAINT pk_login PRIMARY KEY (token_sha256);
ALTER TABLE ONLY public.login_attempt
    ADD CONSTRAINT pk_login_attempt PRIMARY KEY (id);
ALTER TABLE ONLY public.lora
    ADD CONSTRAINT pk_lora PRIMARY KEY (label);
ALTER TABLE ONLY public.lora_choice
    ADD CONSTRAINT pk_lora_choice PRIMARY KEY (target);
ALTER TABLE ONLY public.lora_use
    ADD CONSTRAINT pk_lora_use PRIMARY KEY (sha256);
ALTER TABLE ONLY public.one_time_code
    ADD CONSTRAINT pk_one_time_code PRIMARY KEY (code_sha256);
ALTER TABLE ONLY public.registration
    ADD CONSTRAINT pk_registration PRIMARY KEY (account_id);
ALTER TABLE ONLY public.stream_token
    ADD CONSTRAINT pk_stream_token PRIMARY KEY (token_sha256);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT uq_account_email UNIQUE (email);
ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT uq_api_key_key_sha256 UNIQUE (key_sha256);
ALTER TABLE ONLY public.image
    ADD CONSTRAINT uq_image_job_id UNIQUE (job_id, n);
CREATE INDEX ix_answer_created ON public.answer USING btree (created_at_s);
CREATE INDEX ix_api_key_account ON public.api_key USING btree (account_id);
CREATE INDEX ix_doomed_object_due ON public.doomed_object USING btree (due_at_s);
CREATE INDEX ix_engagement_kind_created ON public.engagement USING btree (kind, created_at_s);
CREATE INDEX ix_generation_counted_created ON public.generation USING btree (counted_by, created_at_s);
CREATE INDEX ix_generation_owner_day ON public.generation USING btree (owner, day);
CREATE INDEX ix_image_finished ON public.image USING btree (finished_at_s);
CREATE INDEX ix_job_owner_created ON public.job USING btree (owner, created_at_s);
CREATE INDEX ix_job_status_created ON public.job USING btree (status, created_at_s);
CREATE INDEX ix_login_account ON public.login USING btree (account_id);
CREATE INDEX ix_login_attempt_account ON public.login_attempt USING btree (account_sha256, created_at_s);
CREATE INDEX ix_login_attempt_address ON public.login_attempt USING btree (address, created_at_s);
CREATE INDEX ix_lora_name ON public.lora USING btree (name);
CREATE INDEX ix_registration_address ON public.registration USING btree (address);
ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT fk_api_key_account_id_account FOREIGN KEY (account_id) REFERENCES public.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.image
    ADD CONSTRAINT fk_image_job_id_job FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_event
    ADD CONSTRAINT fk_job_event_job_id_job FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.login
    ADD CONSTRAINT fk_login_account_id_account FOREIGN KEY (account_id) REFERENCES public.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.one_time_code
    ADD CONSTRAINT fk_one_time_code_account_id_account FOREIGN KEY (account_id) REFERENCES public.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.stream_token
    ADD CONSTRAINT fk_stream_token_job_id_job FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;
